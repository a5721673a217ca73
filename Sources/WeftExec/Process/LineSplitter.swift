// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Cuts a stream of bytes into lines, in whatever pieces it comes.
package struct LineSplitter: Sendable {
    private var rest: [UInt8] = []

    package init() {}

    /// Takes bytes and returns the lines that they complete, without their ends.
    package mutating func append(_ bytes: ArraySlice<UInt8>) -> [String] {
        var lines: [String] = []
        var start = bytes.startIndex
        while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
            if self.rest.isEmpty {
                lines.append(Self.text(bytes[start..<end]))
            } else {
                self.rest.append(contentsOf: bytes[start..<end])
                lines.append(Self.text(self.rest[...]))
                self.rest.removeAll(keepingCapacity: true)
            }
            start = end + 1
        }
        self.rest.append(contentsOf: bytes[start...])
        return lines
    }

    /// The last line, when it had no end.
    package mutating func finish() -> String? {
        guard !self.rest.isEmpty else { return nil }
        defer { self.rest = [] }
        return Self.text(self.rest[...])
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        let end = bytes.last == UInt8(ascii: "\r") ? bytes.endIndex - 1 : bytes.endIndex
        return String(decoding: bytes[bytes.startIndex..<end], as: UTF8.self)
    }
}
