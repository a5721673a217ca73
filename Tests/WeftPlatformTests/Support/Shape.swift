// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftValue

/// Compares values by their shape: the names of members and the kinds of what they hold.
enum Shape {
    /// Where `value` lacks a member of `expected`, or holds another kind.
    ///
    /// Null stands for any kind.
    static func differences(_ value: Value, from expected: Value, at path: String = "$") -> [String] {
        switch (value, expected) {
        case (_, .null), (.null, _): return []
        case (.object(let members), .object(let wanted)):
            return wanted.flatMap { name, member -> [String] in
                guard let found = members[name] else { return ["\(path).\(name) is missing"] }
                return Self.differences(found, from: member, at: "\(path).\(name)")
            }
        case (.array(let elements), .array(let wanted)):
            guard let first = wanted.first else { return [] }
            return elements.enumerated().flatMap {
                Self.differences($0.element, from: first, at: "\(path)[\($0.offset)]")
            }
        default:
            let isNumber = value.doubleValue != nil && expected.doubleValue != nil
            return isNumber || value.kind == expected.kind ? [] : ["\(path) is \(value.kind), not \(expected.kind)"]
        }
    }
}
