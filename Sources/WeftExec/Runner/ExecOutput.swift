// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// What a program has written: its whole standard output up to a limit, and the end of its standard error.
struct ExecOutput: Sendable {
    private(set) var output: [UInt8] = []
    private var errorBytes: [UInt8] = []
    private var isErrorCut = false
    /// Whether standard output was longer than allowed; nothing is kept beyond.
    private(set) var isTooLong = false
    let maximumOutput: Int
    let errorTail: Int

    init(maximumOutput: Int, errorTail: Int) {
        self.maximumOutput = max(0, maximumOutput)
        self.errorTail = max(0, errorTail)
    }

    mutating func appendOutput(_ bytes: ArraySlice<UInt8>) {
        guard !self.isTooLong else { return }
        if bytes.count > self.maximumOutput - self.output.count {
            self.isTooLong = true
            self.output = []
        } else {
            self.output.append(contentsOf: bytes)
        }
    }

    mutating func appendError(_ bytes: ArraySlice<UInt8>) {
        self.errorBytes.append(contentsOf: bytes.suffix(self.errorTail))
        self.isErrorCut = self.isErrorCut || bytes.count > self.errorTail
        // Trimmed at twice the length, so that a chatty program doesn't move the tail with each write.
        if self.errorBytes.count > 2 * self.errorTail { self.trimError() }
    }

    /// The end of standard error as text, cut at a line or at least at a character, without surrounding white space.
    var errorText: String {
        var copy = self
        copy.trimError()
        var bytes = copy.errorBytes[...]
        if copy.isErrorCut {
            if let lineEnd = bytes.firstIndex(of: UInt8(ascii: "\n")), bytes[lineEnd...].count > bytes.count / 2 {
                bytes = bytes[(lineEnd + 1)...]
            } else {
                bytes = bytes.drop { $0 & 0xC0 == 0x80 }
            }
        }
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0D).contains($0) }
        bytes = bytes.drop(while: isSpace)
        while let last = bytes.last, isSpace(last) { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }

    private mutating func trimError() {
        guard self.errorBytes.count > self.errorTail else { return }
        self.isErrorCut = true
        self.errorBytes.removeFirst(self.errorBytes.count - self.errorTail)
    }
}
