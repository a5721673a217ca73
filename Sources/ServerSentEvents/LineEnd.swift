// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// The search for the end of a line, eight bytes at a time.
enum LineEnd {
    /// The offset of the first line feed or carriage return at or after `start`, or the number of bytes if there is none.
    static func first(in bytes: RawSpan, from start: Int) -> Int {
        let count = bytes.byteCount
        var offset = start
        while offset &+ 8 <= count {
            let word = UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
            let found = Self.zeroBytes(word ^ 0x0A0A_0A0A_0A0A_0A0A) | Self.zeroBytes(word ^ 0x0D0D_0D0D_0D0D_0D0D)
            if found != 0 {
                // The lowest mark is exact; only marks above a true one can be false.
                return offset &+ found.trailingZeroBitCount / 8
            }
            offset &+= 8
        }
        while offset < count {
            let byte = bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
            if byte == 0x0A || byte == 0x0D {
                return offset
            }
            offset &+= 1
        }
        return count
    }

    /// Marks, with its highest bit, each byte of `word` that is zero.
    private static func zeroBytes(_ word: UInt64) -> UInt64 {
        (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
    }
}
