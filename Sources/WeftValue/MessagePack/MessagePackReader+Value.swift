// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

extension MessagePackReader {
    /// Reads a value of whatever kind comes next.
    ///
    /// Of members with the same name the last one counts.
    public mutating func readValue() throws(MessagePackError) -> Value {
        let start = self
        do {
            return try self.readValue(depth: 0)
        } catch {
            self = start
            throw error
        }
    }

    private mutating func readValue(depth: Int) throws(MessagePackError) -> Value {
        try self.count()
        switch try self.head() {
        case 0xC0:
            _ = self.readNil()
            return .null
        case 0xC2, 0xC3: return .bool(try self.readBool())
        case 0x00...0x7F, 0xE0...0xFF, 0xCA...0xD3:
            switch try self.readNumber("a number") {
            case .int(let integer): return .int(integer)
            case .uint(let integer): return Value(integer)
            case .double(let double): return .double(double)
            }
        case 0xA0...0xBF, 0xD9...0xDB: return .string(try self.readString())
        case 0xC4...0xC6: return .bytes(Array(try self.readBin()))
        case 0xC7...0xC9, 0xD4...0xD8: return .date(try self.readDate())
        case 0x90...0x9F, 0xDC, 0xDD:
            try self.check(depth: depth + 1)
            let count = try self.readArrayHeader()
            var elements: [Value] = []
            // A byte of input can declare an element; room beyond this grows with what is really there.
            elements.reserveCapacity(min(count, 1024))
            for _ in 0..<count { elements.append(try self.readValue(depth: depth + 1)) }
            return .array(elements)
        case 0x80...0x8F, 0xDE, 0xDF:
            try self.check(depth: depth + 1)
            let count = try self.readMapHeader()
            var members: [String: Value] = [:]
            members.reserveCapacity(min(count, 1024))
            for _ in 0..<count {
                let name = try self.readKey()
                members[name] = try self.readValue(depth: depth + 1)
            }
            return .object(members)
        default: throw self.mismatch("a value")
        }
    }

    /// Reads the key of a map's next pair, which must be a string.
    mutating func readKey() throws(MessagePackError) -> String {
        switch try self.head() {
        case 0xA0...0xBF, 0xD9...0xDB: return try self.readString()
        default: throw MessagePackError(.unsupported, "a key is \(self.nextKind), and only strings can be keys")
        }
    }

    private func check(depth: Int) throws(MessagePackError) {
        if depth > self.depthLimit {
            throw self.tooDeep
        }
    }

    var tooDeep: MessagePackError {
        MessagePackError(.tooDeep, "nested more than \(self.depthLimit) levels deep")
    }
}
