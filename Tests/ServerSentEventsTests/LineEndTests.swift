// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing

@testable import ServerSentEvents

struct LineEndTests {
    @Test func findsWhatAByteByByteSearchFinds() {
        // Neighbours of the two line ends, and their images with the highest bit, are what a wrong mask would catch.
        let others: [UInt8] = [0x00, 0x01, 0x09, 0x0B, 0x0C, 0x0E, 0x8A, 0x8D, 0xFF]
        for length in 0..<40 {
            for other in others {
                for start in 0...length {
                    let none = [UInt8](repeating: other, count: length)
                    #expect(LineEnd.first(in: none.span.bytes, from: start) == length)
                }
                for position in 0..<length {
                    for end: UInt8 in [0x0A, 0x0D] {
                        var bytes = [UInt8](repeating: other, count: length)
                        bytes[position] = end
                        #expect(LineEnd.first(in: bytes.span.bytes, from: 0) == position)
                        #expect(LineEnd.first(in: bytes.span.bytes, from: position) == position)
                        #expect(LineEnd.first(in: bytes.span.bytes, from: position + 1) == length)
                    }
                }
            }
        }
    }
}
