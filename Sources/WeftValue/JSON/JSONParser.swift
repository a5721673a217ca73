// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Reads JSON text (RFC 8259) into a ``Value``, with integers exact and nesting bounded.
struct JSONParser {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func parse() throws(JSONError) -> Value {
        if self.bytes.starts(with: [0xEF, 0xBB, 0xBF]) { self.position = 3 }  // a byte order mark is tolerated
        self.skipSpace()
        let value = try self.value(depth: 0)
        self.skipSpace()
        if self.position < self.bytes.count {
            throw self.error(.trailingText, "\(self.found()) follows the value")
        }
        return value
    }

    private mutating func value(depth: Int) throws(JSONError) -> Value {
        guard let byte = self.peek() else { throw self.ended("a value") }
        switch byte {
        case UInt8(ascii: "{"): return try self.object(depth: depth + 1)
        case UInt8(ascii: "["): return try self.array(depth: depth + 1)
        case UInt8(ascii: "\""): return .string(try self.string())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try self.number()
        case UInt8(ascii: "t"): return try self.word("true", .bool(true))
        case UInt8(ascii: "f"): return try self.word("false", .bool(false))
        case UInt8(ascii: "n"): return try self.word("null", .null)
        default: throw self.error(.syntax, "expected a value, found \(self.found())")
        }
    }

    private mutating func object(depth: Int) throws(JSONError) -> Value {
        try self.check(depth: depth)
        self.position += 1
        var members: [String: Value] = [:]
        self.skipSpace()
        if self.take(UInt8(ascii: "}")) { return .object(members) }
        while true {
            self.skipSpace()
            guard let byte = self.peek() else { throw self.ended("a member's name") }
            guard byte == UInt8(ascii: "\"") else {
                throw self.error(.syntax, "expected a member's name in double quotes, found \(self.found())")
            }
            let name = try self.string()
            self.skipSpace()
            guard self.take(UInt8(ascii: ":")) else { throw self.unexpected("':' after a member's name") }
            self.skipSpace()
            members[name] = try self.value(depth: depth)
            self.skipSpace()
            if self.take(UInt8(ascii: "}")) { return .object(members) }
            guard self.take(UInt8(ascii: ",")) else { throw self.unexpected("',' or '}' in an object") }
        }
    }

    private mutating func array(depth: Int) throws(JSONError) -> Value {
        try self.check(depth: depth)
        self.position += 1
        var elements: [Value] = []
        self.skipSpace()
        if self.take(UInt8(ascii: "]")) { return .array(elements) }
        while true {
            self.skipSpace()
            elements.append(try self.value(depth: depth))
            self.skipSpace()
            if self.take(UInt8(ascii: "]")) { return .array(elements) }
            guard self.take(UInt8(ascii: ",")) else { throw self.unexpected("',' or ']' in an array") }
        }
    }

    private mutating func number() throws(JSONError) -> Value {
        let start = self.position
        var isWhole = true
        _ = self.take(UInt8(ascii: "-"))
        if !self.take(UInt8(ascii: "0")) {
            guard self.skipDigits() > 0 else { throw self.unexpected("a digit") }
        } else if let byte = self.peek(), Self.isDigit(byte) {
            throw self.error(.syntax, "a number cannot start with 0 and another digit")
        }
        if self.take(UInt8(ascii: ".")) {
            isWhole = false
            guard self.skipDigits() > 0 else { throw self.unexpected("a digit after '.'") }
        }
        if self.take(UInt8(ascii: "e")) || self.take(UInt8(ascii: "E")) {
            isWhole = false
            if !self.take(UInt8(ascii: "+")) { _ = self.take(UInt8(ascii: "-")) }
            guard self.skipDigits() > 0 else { throw self.unexpected("a digit in the exponent") }
        }
        let text = String(decoding: self.bytes[start..<self.position], as: UTF8.self)
        if isWhole {
            if let integer = Int64(text) { return .int(integer) }
            if let integer = UInt64(text) { return .uint(integer) }
        }
        guard let double = Double(text), double.isFinite else {
            self.position = start
            throw self.error(.numberOutOfRange, "the number does not fit into 64 bits")
        }
        return .double(double)
    }

    private mutating func string() throws(JSONError) -> String {
        self.position += 1
        var text: [UInt8] = []
        var start = self.position
        while let byte = self.peek() {
            switch byte {
            case UInt8(ascii: "\""):
                text.append(contentsOf: self.bytes[start..<self.position])
                self.position += 1
                guard let string = String(validating: text, as: UTF8.self) else {
                    self.position -= 1
                    throw self.error(.invalidText, "a string that ends here is not UTF-8")
                }
                return string
            case UInt8(ascii: "\\"):
                text.append(contentsOf: self.bytes[start..<self.position])
                try self.escape(into: &text)
                start = self.position
            case 0..<0x20:
                throw self.error(.invalidText, "a control character in a string must be escaped")
            default:
                self.position += 1
            }
        }
        throw self.ended("the end of a string")
    }

    private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
        self.position += 1
        guard let byte = self.peek() else { throw self.ended("the rest of an escape") }
        let plain: Unicode.Scalar
        switch byte {
        case UInt8(ascii: "\""): plain = "\""
        case UInt8(ascii: "\\"): plain = "\\"
        case UInt8(ascii: "/"): plain = "/"
        case UInt8(ascii: "b"): plain = "\u{8}"
        case UInt8(ascii: "f"): plain = "\u{C}"
        case UInt8(ascii: "n"): plain = "\n"
        case UInt8(ascii: "r"): plain = "\r"
        case UInt8(ascii: "t"): plain = "\t"
        case UInt8(ascii: "u"):
            self.position += 1
            var code = try self.hexDigits()
            // A surrogate without its other half has no meaning of its own; rather than refusing the document that a
            // careless writer cut in the middle of a pair, it becomes the replacement character.
            if (0xD800..<0xDC00).contains(code) {
                let mark = self.position
                if self.take(UInt8(ascii: "\\")), self.take(UInt8(ascii: "u")) {
                    let low = try self.hexDigits()
                    if (0xDC00..<0xE000).contains(low) {
                        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
                    } else {
                        self.position = mark
                    }
                } else {
                    self.position = mark
                }
            }
            text.append(contentsOf: Array(String(Unicode.Scalar(code) ?? "\u{FFFD}").utf8))
            return
        default:
            throw self.error(.invalidText, "unknown escape: \(self.found()) after a backslash")
        }
        text.append(UInt8(truncatingIfNeeded: plain.value))
        self.position += 1
    }

    private mutating func hexDigits() throws(JSONError) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = self.peek() else { throw self.ended("four hexadecimal digits") }
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw self.error(.invalidText, "expected four hexadecimal digits, found \(self.found())")
            }
            code = code << 4 | UInt32(digit)
            self.position += 1
        }
        return code
    }

    private mutating func word(_ word: String, _ value: Value) throws(JSONError) -> Value {
        guard self.bytes[self.position...].starts(with: word.utf8) else {
            throw self.error(.syntax, "expected a value, found something that is not \(word)")
        }
        self.position += word.utf8.count
        return value
    }

    private func check(depth: Int) throws(JSONError) {
        if depth > Value.maximumDepth {
            throw self.error(.tooDeep, "nested more than \(Value.maximumDepth) levels deep")
        }
    }

    private func peek() -> UInt8? {
        self.position < self.bytes.count ? self.bytes[self.position] : nil
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard self.peek() == byte else { return false }
        self.position += 1
        return true
    }

    private mutating func skipDigits() -> Int {
        let start = self.position
        while let byte = self.peek(), Self.isDigit(byte) { self.position += 1 }
        return self.position - start
    }

    private mutating func skipSpace() {
        while let byte = self.peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            self.position += 1
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private func found() -> String {
        guard let byte = self.peek() else { return "the end" }
        return (0x21..<0x7F).contains(byte) ? "'\(Character(Unicode.Scalar(byte)))'" : "byte \(byte)"
    }

    private func unexpected(_ expected: String) -> JSONError {
        self.position < self.bytes.count
            ? self.error(.syntax, "expected \(expected), found \(self.found())") : self.ended(expected)
    }

    private func ended(_ expected: String) -> JSONError {
        self.error(.unexpectedEnd, "the text ends where \(expected) was expected")
    }

    private func error(_ code: JSONError.Code, _ message: String) -> JSONError {
        let before = self.bytes[..<min(self.position, self.bytes.count)]
        let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        return JSONError(
            code: code, message: message, offset: self.position,
            line: before.count(where: { $0 == 0x0A }) + 1, column: self.position - lineStart + 1)
    }
}
