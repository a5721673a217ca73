// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

extension Value: Codable {
    /// Reads a value of whatever kind the decoder finds.
    public init(from decoder: any Decoder) throws {
        // Our own decoder never comes here: it reads values directly, with bytes and dates.
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let bool = try? container.decode(Bool.self) {
            self = .bool(bool)
        } else if let integer = try? container.decode(Int64.self) {
            self = .int(integer)
        } else if let integer = try? container.decode(UInt64.self) {
            self = .uint(integer)
        } else if let double = try? container.decode(Double.self) {
            self = .double(double)
        } else if let string = try? container.decode(String.self) {
            self = .string(string)
        } else if let elements = try? container.decode([Value].self) {
            self = .array(elements)
        } else {
            self = .object(try container.decode([String: Value].self))
        }
    }

    /// Writes the value; encoders other than ``MessagePack`` get bytes and dates as the strings that JSON text has.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let bool): try container.encode(bool)
        case .int(let integer): try container.encode(integer)
        case .uint(let integer): try container.encode(integer)
        case .double(let double) where double.isFinite: try container.encode(double)
        case .double: try container.encodeNil()
        case .string(let string): try container.encode(string)
        case .bytes(let bytes): try container.encode(Data(bytes).base64EncodedString())
        case .date(let date): try container.encode(date.rfc3339Microseconds)
        case .array(let elements): try container.encode(elements)
        case .object(let members): try container.encode(members)
        }
    }

    /// The value that an encodable one becomes.
    ///
    /// - Throws: ``MessagePackError`` when the type's own encoding fails.
    public init(encoding value: some Encodable) throws(MessagePackError) {
        var reader = MessagePackReader(try MessagePack.encode(value)[...])
        self = try reader.readValue()
    }

    /// This value as a type of your own.
    ///
    /// Dates are read from dates and from RFC 3339 strings, bytes from bytes and from base64 strings, numbers from
    /// whatever number has the same value, so what came from JSON text fits typed receivers.
    ///
    /// - Throws: ``MessagePackError`` saying what was expected and found, and where.
    public func decode<T: Decodable>(_ type: T.Type = T.self) throws(MessagePackError) -> T {
        var writer = MessagePackWriter()
        writer.write(self)
        return try MessagePack.decode(type, from: writer.bytes)
    }
}
