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
        if T.self == String.self, let text = value as? String { return text.utf8.count &+ 5 }
        if T.self == Int.self || T.self == Double.self || T.self == Bool.self { return 9 }
        if T.self == Int64.self || T.self == UInt64.self || T.self == Int32.self || T.self == UInt32.self { return 9 }
        if T.self == [UInt8].self, let bytes = value as? [UInt8] { return bytes.count &+ 5 }
        return nil
    }

    /// Writes a value.
    @inlinable
    static func write<T: Encodable>(_ value: T, to writer: inout MessagePackWriter) throws(MessagePackError) {
        if T.self == String.self, let text = value as? String {
            writer.write(text)
        } else if T.self == Int.self, let integer = value as? Int {
            writer.write(integer)
        } else if T.self == Double.self, let double = value as? Double {
            writer.write(double)
        } else if T.self == Bool.self, let bool = value as? Bool {
            writer.write(bool)
        } else if T.self == [UInt8].self, let bytes = value as? [UInt8] {
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
        if T.self == String.self, let text = try reader.readString() as? T { return text }
        if T.self == Int.self, let integer = try reader.readInt() as? T { return integer }
        if T.self == Double.self, let double = try reader.readDouble() as? T { return double }
        if T.self == Bool.self, let bool = try reader.readBool() as? T { return bool }
        return try reader.decode(type)
    }
}
