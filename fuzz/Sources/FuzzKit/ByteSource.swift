// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Takes an input apart into what a check needs; beyond its end everything is zero.
public struct ByteSource {
    private var rest: ArraySlice<UInt8>

    /// Starts at the beginning.
    public init(_ bytes: [UInt8]) {
        self.rest = bytes[...]
    }

    /// Whether nothing is left.
    public var isEmpty: Bool { self.rest.isEmpty }

    /// The next byte.
    public mutating func byte() -> UInt8 { self.rest.popFirst() ?? 0 }

    /// A number below a limit of at most 256.
    public mutating func below(_ limit: Int) -> Int { Int(self.byte()) % max(1, limit) }

    /// Yes or no.
    public mutating func bool() -> Bool { self.byte() & 1 == 1 }

    /// A whole number, often one at which arithmetic ends.
    public mutating func number() -> UInt64 {
        switch self.byte() {
        case let small where small < 0xE0: UInt64(small)
        case 0xE0: .max
        case 0xE1: .max - 1
        case 0xE2: UInt64(Int64.max)
        case 0xE3: UInt64(Int64.max) + 1
        case 0xE4: UInt64(UInt32.max)
        case 0xE5: UInt64(UInt32.max) + 1
        case let wide where wide < 0xF0: UInt64(self.byte()) << 8 | UInt64(self.byte())
        default: (0..<8).reduce(0) { number, _ in number << 8 | UInt64(self.byte()) }
        }
    }

    /// As many bytes as the next two say, or as there are.
    public mutating func block() -> [UInt8] {
        let count = Int(self.byte()) << 8 | Int(self.byte())
        let block = self.rest.prefix(count)
        self.rest = self.rest.dropFirst(count)
        return Array(block)
    }

    /// Everything that is left.
    public mutating func remainder() -> [UInt8] {
        defer { self.rest = [] }
        return Array(self.rest)
    }

    /// What ``block()`` takes apart.
    public static func block(_ bytes: [UInt8]) -> [UInt8] {
        let count = UInt16(clamping: bytes.count)
        return [UInt8(count >> 8), UInt8(count & 0xFF)] + bytes.prefix(Int(count))
    }
}
