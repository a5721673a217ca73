// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftValue

/// Finds a task's id in what should have been the task and cannot be read, so that the task can be reported instead of being lost.
struct BrokenTask {
    /// The longest id that is believed, in bytes.
    static let maximumIDBytes = 1024

    private let bytes: [UInt8]
    private var rest: ArraySlice<UInt8>

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes
        self.rest = bytes[...]
    }

    /// The text under `id` in the outermost object; nil when it is not there as it should be.
    ///
    /// Whatever else is wrong, before or after it, is passed over; an id inside another object is not the task's.
    static func id(in json: some Sequence<UInt8>) -> String? {
        var scanner = BrokenTask(Array(json))
        return scanner.id()
    }

    private mutating func id() -> String? {
        guard self.next(is: "{") else { return nil }
        var depth = 1
        var wantsKey = true
        while let byte = self.rest.popFirst() {
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                guard depth > 0 else { return nil }
            case UInt8(ascii: ","):
                wantsKey = depth == 1
            case UInt8(ascii: "\""):
                guard let key = self.string() else { return nil }
                guard wantsKey, depth == 1 else { continue }
                wantsKey = false
                guard key.elementsEqual("id".utf8), self.next(is: ":"), self.next(is: "\"") else { continue }
                guard let text = self.string(), text.count <= Self.maximumIDBytes else { return nil }
                let value = try? Value(json: [UInt8(ascii: "\"")] + text + [UInt8(ascii: "\"")])
                return value?.stringValue.flatMap { $0.isEmpty ? nil : $0 }
            default: break
            }
        }
        return nil
    }

    /// Takes this byte if it is the next that is no space.
    private mutating func next(is byte: Unicode.Scalar) -> Bool {
        while let first = self.rest.first, [0x20, 0x09, 0x0A, 0x0D].contains(first) { self.rest.removeFirst() }
        guard self.rest.first == UInt8(ascii: byte) else { return false }
        self.rest.removeFirst()
        return true
    }

    /// Takes the rest of a string and its closing quote; nil when it has none.
    private mutating func string() -> ArraySlice<UInt8>? {
        let start = self.rest.startIndex
        while let byte = self.rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\\"): _ = self.rest.popFirst()
            case UInt8(ascii: "\""): return self.bytes[start..<self.rest.startIndex - 1]
            default: break
            }
        }
        return nil
    }
}
