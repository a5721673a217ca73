// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftValue

/// Writes and reads one argument, with a short way for the commonest types.
///
/// Inlinable: where the type is known, nothing is left of the comparisons.
@usableFromInline
enum ArgumentCoding {
    /// How many bytes a value takes at most; nil for types whose encoding is their own, and may fail.
    @inlinable
    static func size<T>(of value: T) -> Int? {
        if let text = self.same(value, as: String.self) { return text.utf8.count &+ 5 }
        if T.self == Int.self || T.self == Double.self || T.self == Bool.self { return 9 }
        if let bytes = self.same(value, as: [UInt8].self) { return bytes.count &+ 5 }
        return nil
    }

    /// Writes a value.
    @inlinable
    static func write<T: Encodable>(_ value: T, to writer: inout MessagePackWriter) throws(MessagePackError) {
        if let text = self.same(value, as: String.self) {
            writer.write(text)
        } else if let integer = self.same(value, as: Int.self) {
            writer.write(integer)
        } else if let double = self.same(value, as: Double.self) {
            writer.write(double)
        } else if let bool = self.same(value, as: Bool.self) {
            writer.write(bool)
        } else if let bytes = self.same(value, as: [UInt8].self) {
            writer.write(bytes)
        } else {
            try writer.encode(value)
        }
    }

    /// Reads a value.
    @inlinable
    static func read<T: Decodable>(
        _ type: T.Type, from reader: inout MessagePackReader
    ) throws(MessagePackError) -> T {
        if T.self == String.self, let text = self.same(try reader.readString(), as: type) { return text }
        if T.self == Int.self, let integer = self.same(try reader.readInt(), as: type) { return integer }
        if T.self == Double.self, let double = self.same(try reader.readDouble(), as: type) { return double }
        if T.self == Bool.self, let bool = self.same(try reader.readBool(), as: type) { return bool }
        if T.self == [UInt8].self, let bytes = try reader.readBytesIfNext(), let same = self.same(bytes, as: type) {
            return same
        }
        return try reader.decode(type)
    }

    /// The value itself if it is of that type; a cast by way of the runtime copies arrays element by element.
    @inlinable
    static func same<Value, Other>(_ value: Value, as type: Other.Type) -> Other? {
        // The types are one and the same, so this changes nothing.
        Value.self == Other.self ? unsafeBitCast(value, to: type) : nil
    }
}
