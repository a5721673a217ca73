// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Cuts a line into the JSON values that stand in it one after the other, set apart by white space.
///
/// It only finds where each one ends; whether it is valid JSON is for the parser to say.
enum JSONSplitter {
    static func split(_ line: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        var pieces: [ArraySlice<UInt8>] = []
        var start: Int?
        var depth = 0
        var isInString = false
        var isEscaped = false
        for index in line.indices {
            let byte = line[index]
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
                continue
            }
            if depth == 0, Self.isSpace(byte) {
                if let first = start { pieces.append(line[first..<index]) }
                start = nil
                continue
            }
            if start == nil { start = index }
            switch byte {
            case UInt8(ascii: "\""): isInString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth = max(0, depth - 1)
            default: break
            }
        }
        if let first = start { pieces.append(line[first...]) }
        return pieces
    }

    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}
