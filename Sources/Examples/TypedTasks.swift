// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Weft

struct Resize: Codable {
    var width: Int
    var height: Int
    var limit: Int
}

struct Size: Codable {
    var width: Int
    var height: Int
}

extension TaskName where Input == Resize, Output == Size {
    static var resize: Self { "image:resize" }
}

/// Tasks with types: the name says what goes in and what comes out, and the compiler checks both ends.
///
///     swift run Examples typed-tasks
enum TypedTasks {
    static func run() async throws {
        // Coordinator and worker are in this process; tasks come from `submit` alone.
        let events = Events(configuration: .embedded(platform: nil)) {
            OnTask(.resize) { image, context in
                guard image.width > 0, image.height > 0 else {
                    throw TaskFailure("an image has no negative side", retry: .never)
                }
                let scale = min(1, Double(image.limit) / Double(max(image.width, image.height)))
                return Size(width: Int(Double(image.width) * scale), height: Int(Double(image.height) * scale))
            }
        }
        try await events.withRunning { events in
            let size = try await events.submit(.resize, with: Resize(width: 4000, height: 3000, limit: 1000))
            print("resized to \(size.width) × \(size.height)")
            do {
                _ = try await events.submit(.resize, with: Resize(width: -1, height: 0, limit: 1))
            } catch {
                print("refused: \(error)")
            }
        }
    }
}
