// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftValue

/// Cuts what a program writes to descriptor 3 into lines, of which the newest that has come counts.
struct ExecProgress: Sendable {
    private var line: [UInt8] = []
    private var isTooLong = false
    private(set) var counters = ExecCounters()
    private let maximumLine: Int

    init(maximumLine: Int) {
        self.maximumLine = max(1, maximumLine)
    }

    /// Takes bytes, and returns the newest line that they complete: as JSON, or else as text.
    ///
    /// Only that one is looked at, so that a program that writes a flood costs little more than the reading.
    mutating func append(_ bytes: ArraySlice<UInt8>) -> Value? {
        var newest: [UInt8]?
        var start = bytes.startIndex
        while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
            self.extend(bytes[start..<end])
            if let line = self.takeLine() {
                if newest != nil { self.counters.progressCoalesced += 1 }
                newest = line
            }
            start = end + 1
        }
        self.extend(bytes[start...])
        return newest.map(Self.value)
    }

    /// The last line, when it had no end.
    mutating func finish() -> Value? {
        self.takeLine().map(Self.value)
    }

    private mutating func extend(_ bytes: ArraySlice<UInt8>) {
        guard !self.isTooLong else { return }
        self.isTooLong = bytes.count > self.maximumLine - self.line.count
        if self.isTooLong { self.line = [] } else { self.line.append(contentsOf: bytes) }
    }

    private mutating func takeLine() -> [UInt8]? {
        defer {
            self.line = []
            self.isTooLong = false
        }
        if self.isTooLong { self.counters.progressTooLong += 1 }
        guard self.line.contains(where: { $0 > 0x20 }) else { return nil }
        self.counters.progressLines += 1
        return self.line
    }

    private static func value(of line: [UInt8]) -> Value {
        if let value = try? Value(json: line) { return value }
        var line = line[...]
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        return .string(String(decoding: line, as: UTF8.self))
    }
}
