// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Collects the head of an answer from the lines that libcurl hands out.
struct ResponseHeadParser {
    private var head = ResponseHead(status: 0, headers: [:])
    private var byteCount = 0
    private var isComplete = false

    /// What a line led to.
    enum Step {
        case incomplete
        case complete(ResponseHead)
        case tooLarge
    }

    /// Takes one line, with its end.
    mutating func append(_ line: [UInt8], limit: Int) -> Step {
        self.byteCount += line.count
        guard self.byteCount <= limit else { return .tooLarge }
        let text = Self.trimmed(line[...])
        if text.starts(with: "HTTP/".utf8), !self.isComplete {
            let words = text.split(separator: 0x20, maxSplits: 2)
            let status = words.count > 1 ? Int(String(decoding: words[1], as: UTF8.self)) : nil
            self.head = ResponseHead(status: status ?? 0, headers: [:])
        } else if text.isEmpty {
            // 100 and 103 come before the answer proper, and lines after its body are trailers.
            if self.head.status >= 200, !self.isComplete {
                self.isComplete = true
                return .complete(self.head)
            }
        } else if !self.isComplete, let colon = text.firstIndex(of: 0x3A) {
            self.head.headers.add(
                String(decoding: Self.trimmed(text[..<colon]), as: UTF8.self),
                String(decoding: Self.trimmed(text[(colon + 1)...]), as: UTF8.self))
        }
        return .incomplete
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0A }
        guard let first = bytes.firstIndex(where: { !isSpace($0) }),
            let last = bytes.lastIndex(where: { !isSpace($0) })
        else { return [] }
        return bytes[first...last]
    }
}
