// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Locking
import WeftBus
import WeftValue

/// What handlers have done, in order.
final class Journal: Sendable {
    private let lines = Locked<[String]>([])

    func write(_ line: String) {
        self.lines.withLock { $0.append(line) }
    }

    var all: [String] {
        self.lines.withLock { $0 }
    }

    func clear() {
        self.lines.withLock { $0.removeAll() }
    }
}

/// Lets tasks through once it is open; a test opens it.
actor Gate {
    private var isOpen = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func wait() async {
        if self.isOpen { return }
        await withCheckedContinuation { self.waiting.append($0) }
    }

    func open() {
        self.isOpen = true
        for continuation in self.waiting { continuation.resume() }
        self.waiting.removeAll()
    }
}

/// Things that happen, to be waited for.
struct Signal<Element: Sendable>: Sendable {
    private let stream: AsyncStream<Element>
    private let continuation: AsyncStream<Element>.Continuation

    init(_ type: Element.Type = Element.self) {
        (self.stream, self.continuation) = AsyncStream.makeStream()
    }

    func send(_ element: Element) {
        self.continuation.yield(element)
    }

    /// The next so many elements; fewer when they do not come within ten seconds.
    func next(_ count: Int) async -> [Element] {
        await withTaskGroup(of: [Element].self) { group in
            group.addTask {
                var elements: [Element] = []
                for await element in self.stream {
                    elements.append(element)
                    if elements.count == count { break }
                }
                return elements
            }
            group.addTask {
                try? await Task.sleep(for: .seconds(60))  // the deadline: it ends the wait, it does not order anything
                self.continuation.finish()
                return []
            }
            defer { group.cancelAll() }
            return await group.next() ?? []
        }
    }
}

/// A port that keeps what it is handed.
final class RecordingPort: EventPort {
    struct Appended: Sendable {
        let name: EventName
        let arguments: [UInt8]
        let microseconds: Int64
    }

    private let state = Locked<(appended: [Appended], waits: Int)>(([], 0))

    var appended: [Appended] { self.state.withLock { $0.appended } }
    var waits: Int { self.state.withLock { $0.waits } }

    /// Off makes emits take the longer way, which asks and waits.
    let hasRoom: Bool

    init(hasRoom: Bool = false) {
        self.hasRoom = hasRoom
    }

    func waitForRoom() async {
        self.state.withLock { $0.waits += 1 }
    }

    func waitForRoomBlocking() {
        self.state.withLock { $0.waits += 1 }
    }

    func append(name: EventName, arguments: EventArguments, microsecondsSince1970: Int64) -> UInt64 {
        self.state.withLock { state in
            var writer = MessagePackWriter()
            arguments.write(to: &writer)
            state.appended.append(
                Appended(name: name, arguments: writer.bytes, microseconds: microsecondsSince1970))
            return UInt64(state.appended.count)
        }
    }
}

struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// A record as another node's stream has it.
func remote(
    _ name: EventName, _ arguments: Value..., origin: NodeID = .other, sequence: UInt64 = 1
) -> EventRecord {
    var writer = MessagePackWriter()
    writer.write(.array(arguments))
    return EventRecord(
        name: name, origin: origin, sequence: sequence, time: Date(timeIntervalSince1970: 1),
        arguments: writer.bytes[...])
}

extension NodeID {
    static let other = NodeID(bytes: Array(repeating: 1, count: 16)) ?? .random()
    static let third = NodeID(bytes: Array(repeating: 2, count: 16)) ?? .random()
}
