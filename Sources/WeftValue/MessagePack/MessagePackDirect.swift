// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// A type that is written to and read from MessagePack without an encoder or a decoder.
package protocol MessagePackDirect {
    /// Writes the value.
    func write(to writer: inout MessagePackWriter) throws(MessagePackError)

    /// Reads a value.
    static func read(from reader: inout MessagePackReader) throws(MessagePackError) -> Self
}

extension Bool: MessagePackDirect {
    package func write(to writer: inout MessagePackWriter) { writer.write(self) }
    package static func read(from reader: inout MessagePackReader) throws(MessagePackError) -> Bool {
        try reader.readBool()
    }
}

extension String: MessagePackDirect {
    package func write(to writer: inout MessagePackWriter) { writer.write(self) }
    package static func read(from reader: inout MessagePackReader) throws(MessagePackError) -> String {
        try reader.readString()
    }
}

extension Double: MessagePackDirect {
    package func write(to writer: inout MessagePackWriter) { writer.write(self) }
    package static func read(from reader: inout MessagePackReader) throws(MessagePackError) -> Double {
        try reader.readDouble()
    }
}

extension Float: MessagePackDirect {
    package func write(to writer: inout MessagePackWriter) { writer.write(Double(self)) }
    package static func read(from reader: inout MessagePackReader) throws(MessagePackError) -> Float {
        Float(try reader.readDouble())
    }
}

/// Integers differ in nothing but their size.
package protocol MessagePackInteger: MessagePackDirect, FixedWidthInteger {}

extension MessagePackInteger {
    package func write(to writer: inout MessagePackWriter) {
        // One of the two always fits: no integer here has more than 64 bits.
        if let signed = Int64(exactly: self) { writer.write(signed) } else { writer.write(UInt64(clamping: self)) }
    }
    package static func read(from reader: inout MessagePackReader) throws(MessagePackError) -> Self {
        try reader.readInteger(Self.self)
    }
}

extension Int: MessagePackInteger {}
extension Int8: MessagePackInteger {}
extension Int16: MessagePackInteger {}
extension Int32: MessagePackInteger {}
extension Int64: MessagePackInteger {}
extension UInt: MessagePackInteger {}
extension UInt8: MessagePackInteger {}
extension UInt16: MessagePackInteger {}
extension UInt32: MessagePackInteger {}
extension UInt64: MessagePackInteger {}

extension Date: MessagePackDirect {
    package func write(to writer: inout MessagePackWriter) { writer.write(self) }
    package static func read(from reader: inout MessagePackReader) throws(MessagePackError) -> Date {
        // Dates that came by way of JSON text are strings.
        if reader.nextKind == "a string" {
            let text = try reader.readString()
            guard let date = Date(rfc3339: text) else {
                throw MessagePackError(.typeMismatch, "expected a date, found a string that is not RFC 3339")
            }
            return date
        }
        return try reader.readDate()
    }
}

extension Data: MessagePackDirect {
    package func write(to writer: inout MessagePackWriter) { writer.write(self) }
    package static func read(from reader: inout MessagePackReader) throws(MessagePackError) -> Data {
        // Bytes that came by way of JSON text are base64.
        if reader.nextKind == "a string" {
            let text = try reader.readString()
            guard let data = Data(base64Encoded: text) else {
                throw MessagePackError(.typeMismatch, "expected bytes, found a string that is not base64")
            }
            return data
        }
        return Data(try reader.readBin())
    }
}

extension Value: MessagePackDirect {
    package func write(to writer: inout MessagePackWriter) { writer.write(self) }
    package static func read(from reader: inout MessagePackReader) throws(MessagePackError) -> Value {
        try reader.readValue()
    }
}

extension Optional: MessagePackDirect where Wrapped: MessagePackDirect {
    package func write(to writer: inout MessagePackWriter) throws(MessagePackError) {
        if let wrapped = self { try wrapped.write(to: &writer) } else { writer.writeNil() }
    }
    package static func read(from reader: inout MessagePackReader) throws(MessagePackError) -> Wrapped? {
        reader.readNil() ? nil : try Wrapped.read(from: &reader)
    }
}

extension Array: MessagePackDirect where Element: MessagePackDirect {
    package func write(to writer: inout MessagePackWriter) throws(MessagePackError) {
        // The element's type is asked and not the array's: an empty array of anything casts to one of bytes.
        if Element.self == UInt8.self, let bytes = self as? [UInt8] {
            writer.write(bytes)
        } else {
            writer.writeArrayHeader(self.count)
            for element in self { try element.write(to: &writer) }
        }
    }

    package static func read(from reader: inout MessagePackReader) throws(MessagePackError) -> [Element] {
        if Element.self == UInt8.self, reader.nextKind != "an array",
            let bytes = Array<UInt8>(try Data.read(from: &reader)) as? [Element]
        {
            return bytes
        }
        let start = reader
        do {
            let count = try reader.readArrayHeader()
            var elements: [Element] = []
            elements.reserveCapacity(Swift.min(count, 1024))
            for _ in 0..<count { elements.append(try Element.read(from: &reader)) }
            return elements
        } catch {
            reader = start
            throw error
        }
    }
}

extension Dictionary: MessagePackDirect where Key == String, Value: MessagePackDirect {
    package func write(to writer: inout MessagePackWriter) throws(MessagePackError) {
        writer.writeMapHeader(self.count)
        for (key, value) in self.sorted(by: { $0.key < $1.key }) {
            writer.write(key)
            try value.write(to: &writer)
        }
    }

    package static func read(from reader: inout MessagePackReader) throws(MessagePackError) -> [String: Value] {
        let start = reader
        do {
            let count = try reader.readMapHeader()
            var members: [String: Value] = [:]
            members.reserveCapacity(Swift.min(count, 1024))
            for _ in 0..<count {
                let key = try reader.readKey()
                members[key] = try Value.read(from: &reader)
            }
            return members
        } catch {
            reader = start
            throw error
        }
    }
}
