// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials

extension Value {
    /// An integer as `.int` when it fits and as `.uint` when it does not.
    public init(_ integer: UInt64) {
        self = Int64(exactly: integer).map(Value.int) ?? .uint(integer)
    }

    /// An integer.
    public init(_ integer: Int) {
        self = .int(Int64(integer))
    }

    /// The member of an object with this name; nil for a missing one and for anything that is not an object.
    public subscript(_ key: String) -> Value? {
        if case .object(let members) = self { members[key] } else { nil }
    }

    /// The element of an array at this position; nil beyond its ends and for anything that is not an array.
    public subscript(_ index: Int) -> Value? {
        if case .array(let elements) = self, elements.indices.contains(index) { elements[index] } else { nil }
    }

    /// Whether this is `.null`.
    public var isNull: Bool {
        self == .null
    }

    /// The text of a `.string`.
    public var stringValue: String? {
        if case .string(let string) = self { string } else { nil }
    }

    /// A whole number that fits, also from a `.double` without a fraction.
    public var intValue: Int64? {
        switch self {
        case .int(let integer): integer
        case .uint(let integer): Int64(exactly: integer)
        case .double(let double): Int64(exactly: double)
        default: nil
        }
    }

    /// A number, also from a whole one.
    public var doubleValue: Double? {
        switch self {
        case .int(let integer): Double(integer)
        case .uint(let integer): Double(integer)
        case .double(let double): double
        default: nil
        }
    }

    /// What a `.bool` says.
    public var boolValue: Bool? {
        if case .bool(let bool) = self { bool } else { nil }
    }

    /// The bytes of a `.bytes`.
    public var bytesValue: [UInt8]? {
        if case .bytes(let bytes) = self { bytes } else { nil }
    }

    /// The moment of a `.date`, also from a string in the form of RFC 3339.
    public var dateValue: Date? {
        switch self {
        case .date(let date): date
        case .string(let string): Date(rfc3339: string)
        default: nil
        }
    }

    /// The elements of an `.array`.
    public var arrayValue: [Value]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The members of an `.object`.
    public var objectValue: [String: Value]? {
        if case .object(let members) = self { members } else { nil }
    }

    /// What kind of value this is, in a word, for messages.
    public var kind: String {
        switch self {
        case .null: "null"
        case .bool: "boolean"
        case .int, .uint: "integer"
        case .double: "number"
        case .string: "string"
        case .bytes: "bytes"
        case .date: "date"
        case .array: "array"
        case .object: "object"
        }
    }
}
