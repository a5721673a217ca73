// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Header fields in their order; names are compared without regard to case.
public struct HTTPHeaders: Hashable, Sendable {
    /// One header field.
    public struct Field: Hashable, Sendable {
        /// The field's name.
        public let name: String
        /// The field's value.
        public let value: String

        /// Creates a field.
        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The fields in their order.
    public private(set) var fields: [Field]

    /// Creates headers from fields.
    public init(_ fields: [Field] = []) {
        self.fields = fields
    }

    /// The value of the first field of that name; setting it replaces all fields of that name.
    public subscript(_ name: String) -> String? {
        get {
            self.fields.first { Self.isSame($0.name, name) }?.value
        }
        set {
            self.fields.removeAll { Self.isSame($0.name, name) }
            if let newValue {
                self.add(name, newValue)
            }
        }
    }

    /// Adds a field, also if there is one of that name.
    public mutating func add(_ name: String, _ value: String) {
        self.fields.append(Field(name: name, value: value))
    }

    static func isSame(_ one: String, _ other: String) -> Bool {
        let one = one.utf8
        let other = other.utf8
        return one.count == other.count && zip(one, other).allSatisfy { Self.lowercase($0) == Self.lowercase($1) }
    }

    private static func lowercase(_ byte: UInt8) -> UInt8 {
        (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
    }
}

extension HTTPHeaders: ExpressibleByDictionaryLiteral {
    /// Creates headers from a literal, whose order is kept.
    public init(dictionaryLiteral elements: (String, String)...) {
        self.init(elements.map { Field(name: $0, value: $1) })
    }
}

extension HTTPHeaders: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The names only, because values may be secrets.
    public var description: String {
        "[" + self.fields.map(\.name).joined(separator: ", ") + "]"
    }

    /// The names only, because values may be secrets.
    public var debugDescription: String { self.description }

    /// The names only, because values may be secrets.
    public var customMirror: Mirror { Mirror(self, children: ["names": self.fields.map(\.name)]) }
}
