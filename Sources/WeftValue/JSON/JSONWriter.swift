// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// Writes a ``Value`` as JSON text.
struct JSONWriter {
    private let pretty: Bool
    private(set) var bytes: [UInt8] = []

    init(pretty: Bool) {
        self.pretty = pretty
    }

    mutating func write(_ value: Value, indent: Int = 0) {
        switch value {
        case .null: self.append("null")
        case .bool(let bool): self.append(bool ? "true" : "false")
        case .int(let integer): self.append(String(integer))
        case .uint(let integer): self.append(String(integer))
        case .double(let double): self.append(double.isFinite ? double.description : "null")
        case .string(let string): self.write(string)
        case .bytes(let bytes): self.write(Data(bytes).base64EncodedString())
        case .date(let date): self.write(date.rfc3339Microseconds)
        case .array(let elements):
            self.bytes.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { self.bytes.append(UInt8(ascii: ",")) }
                self.newLine(indent + 1)
                self.write(element, indent: indent + 1)
            }
            if !elements.isEmpty { self.newLine(indent) }
            self.bytes.append(UInt8(ascii: "]"))
        case .object(let members):
            self.bytes.append(UInt8(ascii: "{"))
            for (index, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { self.bytes.append(UInt8(ascii: ",")) }
                self.newLine(indent + 1)
                self.write(member.key)
                self.bytes.append(UInt8(ascii: ":"))
                if self.pretty { self.bytes.append(UInt8(ascii: " ")) }
                self.write(member.value, indent: indent + 1)
            }
            if !members.isEmpty { self.newLine(indent) }
            self.bytes.append(UInt8(ascii: "}"))
        }
    }

    private mutating func write(_ string: String) {
        self.bytes.append(UInt8(ascii: "\""))
        for byte in string.utf8 {
            switch byte {
            case UInt8(ascii: "\""): self.append("\\\"")
            case UInt8(ascii: "\\"): self.append("\\\\")
            case 0x08: self.append("\\b")
            case 0x09: self.append("\\t")
            case 0x0A: self.append("\\n")
            case 0x0C: self.append("\\f")
            case 0x0D: self.append("\\r")
            case 0..<0x20, 0x7F:
                self.append(byte < 0x10 ? "\\u000" : "\\u00")
                self.append(String(byte, radix: 16))
            default: self.bytes.append(byte)
            }
        }
        self.bytes.append(UInt8(ascii: "\""))
    }

    private mutating func append(_ text: String) {
        self.bytes.append(contentsOf: text.utf8)
    }

    private mutating func newLine(_ indent: Int) {
        guard self.pretty else { return }
        self.bytes.append(0x0A)
        self.bytes.append(contentsOf: repeatElement(0x20, count: indent * 2))
    }
}
