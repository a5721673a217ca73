// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
public import WeftValue

/// The examples in Weft's tests and documents, read from there so that seeds are never older than they are.
public struct Examples {
    private let root: URL

    init(root: String) {
        self.root = URL(filePath: root)
    }

    /// The frames and values that a source file of golden bytes has, as hexadecimal literals.
    public func golden(_ path: String) throws -> [[UInt8]] {
        // A long one is several literals with plus signs between them.
        let text = try self.text(path).replacing(/"\s*\+\s*"/, with: "")
        return text.matches(of: /"((?:[0-9a-f]{2})+)"/).map { match in
            let digits = Array(match.1)
            return stride(from: 0, to: digits.count, by: 2).compactMap {
                UInt8(String(digits[$0..<$0 + 2]), radix: 16)
            }
        }
    }

    /// The recorded exchanges with the platform.
    public func platform() throws -> Value {
        try Value(json: try self.text("Tests/WeftPlatformTests/Fixtures/platform-examples.json"))
    }

    /// The JSON blocks of a document.
    public func json(in path: String) throws -> [[UInt8]] {
        try self.text(path).matches(of: /```json\n((?s).*?)```/).map { Array($0.1.utf8) }
    }

    private func text(_ path: String) throws -> String {
        try String(contentsOf: self.root.appending(path: path), encoding: .utf8)
    }
}

extension Value {
    /// Everything in it that is an object, itself included.
    public var objects: [Value] {
        switch self {
        case .object(let members): [self] + members.values.flatMap(\.objects)
        case .array(let elements): elements.flatMap(\.objects)
        default: []
        }
    }

    /// Everything in it that is text, also as members with that name only.
    public func texts(named wanted: String? = nil) -> [String] {
        switch self {
        case .object(let members):
            members.sorted { $0.key < $1.key }.flatMap { name, member in
                if case .string(let text) = member { return wanted == nil || wanted == name ? [text] : [] }
                return member.texts(named: wanted)
            }
        case .array(let elements): elements.flatMap { $0.texts(named: wanted) }
        default: []
        }
    }
}
