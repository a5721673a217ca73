// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import WeftValue
import ZeroMQ

/// What a figure was measured on.
struct Machine {
    var processor: String
    var cores: Int
    var system: String
    var build: String
    var libzmq: String

    /// This machine.
    static let current = Machine()

    private init() {
        let info = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let model = info.split(separator: "\n").first { $0.hasPrefix("model name") }
        self.processor =
            model.flatMap { $0.split(separator: ":").last }.map { String($0.drop { $0 == " " }) } ?? "unknown"
        self.cores = ProcessInfo.processInfo.activeProcessorCount
        self.system = ProcessInfo.processInfo.operatingSystemVersionString
        #if DEBUG
            self.build = "debug"
        #else
            self.build = "release"
        #endif
        self.libzmq = Library.version
    }

    /// The machine as it is printed with `--json`.
    var value: Value {
        [
            "processor": .string(self.processor), "cores": .int(Int64(self.cores)), "system": .string(self.system),
            "build": .string(self.build), "libzmq": .string(self.libzmq),
        ]
    }

    /// The machine in one line.
    var line: String {
        "\(self.processor), \(self.cores) cores, \(self.system), libzmq \(self.libzmq), \(self.build) build"
    }
}
