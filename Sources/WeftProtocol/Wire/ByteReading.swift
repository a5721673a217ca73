// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftBus

extension ArraySlice<UInt8> {
    /// Takes the first bytes off as an unsigned number, most significant byte first; nil when there are too few.
    mutating func takeInteger<Integer: FixedWidthInteger & UnsignedInteger>(_: Integer.Type) -> Integer? {
        let width = Integer.bitWidth / 8
        guard self.count >= width else { return nil }
        var integer: Integer = 0
        for byte in self.prefix(width) { integer = (integer << 8) | Integer(byte) }
        self.removeFirst(width)
        return integer
    }

    /// Takes the first 16 bytes off as a node id; nil when there are too few.
    mutating func takeNodeID() -> NodeID? {
        guard self.count >= NodeID.byteCount, let id = NodeID(bytes: self.prefix(NodeID.byteCount)) else { return nil }
        self.removeFirst(NodeID.byteCount)
        return id
    }
}

extension [UInt8] {
    /// Appends a number, most significant byte first.
    mutating func appendBigEndian<Integer: FixedWidthInteger>(_ integer: Integer) {
        var shift = Integer.bitWidth
        while shift > 0 {
            shift -= 8
            self.append(UInt8(truncatingIfNeeded: integer >> shift))
        }
    }
}
