// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing
import WeftValue

/// The same numbers at every run (xorshift).
private struct Numbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        self.state = seed | 1
    }

    mutating func next() -> UInt64 {
        self.state ^= self.state << 13
        self.state ^= self.state >> 7
        self.state ^= self.state << 17
        return self.state &* 0x2545_F491_4F6C_DD1D
    }
}

/// A type that follows hostile bytes as deep as they go.
private struct Tree: Codable {
    var name: String?
    var dates: [Date]?
    var bytes: [UInt8]?
    var small: Int8?
    var children: [Tree]?
}

struct FuzzTests {
    @Test func bytesOfAnyKindAreAValueOrAnErrorAndValuesSurviveTheRoundTrip() throws {
        var numbers = Numbers(seed: 7)
        var values = 0
        for _ in 0..<20_000 {
            // Heads that open something are made likely, or few inputs would get anywhere.
            let bytes = (0..<Int.random(in: 0..<48, using: &numbers)).map { _ in
                Bool.random(using: &numbers)
                    ? UInt8.random(in: 0x80...0xDF, using: &numbers) : UInt8.random(in: 0...255, using: &numbers)
            }
            var reader = MessagePackReader(bytes)
            let skipped = try? reader.skip()
            reader = MessagePackReader(bytes)
            if let value = try? reader.readValue() {
                values += 1
                #expect(skipped?.count == bytes.count - reader.remaining.count)
                var writer = MessagePackWriter()
                writer.write(value)
                var again = MessagePackReader(writer.bytes)
                let read = try again.readValue()
                var rewriter = MessagePackWriter()
                rewriter.write(read)
                #expect(rewriter.bytes == writer.bytes)
                _ = try Value(json: value.json())
            } else {
                #expect(reader.remaining.count == bytes.count)
            }
            _ = try? MessagePack.decode(Tree.self, from: bytes)
            _ = try? MessagePack.decode([String: Date].self, from: bytes)
        }
        #expect(values > 1000)
    }

    @Test func textOfAnyKindIsAValueOrAnErrorWithItsPlace() {
        var numbers = Numbers(seed: 11)
        let pieces = [
            "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "d800", "-", "0", "1e", "9", ".", "true", "null", " ",
            "\n",
            "\u{FEFF}", "é", "99999999999999999999", "1e400",
        ]
        for _ in 0..<20_000 {
            var bytes = (0..<Int.random(in: 0..<24, using: &numbers)).flatMap { _ in
                Array((pieces.randomElement(using: &numbers) ?? "").utf8)
            }
            if Int.random(in: 0..<4, using: &numbers) == 0 { bytes.append(UInt8.random(in: 0...255, using: &numbers)) }
            do throws(JSONError) {
                let value = try Value(json: bytes)
                #expect(try Value(json: value.jsonBytes()) == value)
            } catch {
                #expect((0...bytes.count).contains(error.offset) && error.line >= 1 && error.column >= 1)
            }
        }
    }

    @Test func nestingAtTheSizeOfAnEventCostsNoMoreThanItsDepthAllows() {
        let depth = 500_000
        let deep = [UInt8](repeating: 0x91, count: depth) + [0xC0]
        #expect(throws: MessagePackError.self) { try MessagePack.decode(Value.self, from: deep) }
        #expect(throws: MessagePackError.self) { try MessagePack.decode(Tree.self, from: deep) }
        #expect(throws: JSONError.self) { try Value(json: String(repeating: "[", count: depth)) }
        #expect(throws: JSONError.self) { try Value(json: String(repeating: "{\"a\":", count: depth)) }
        // Each level of a type that contains itself skips what is below it once.
        var nested: [UInt8] = [0xC0]
        for _ in 0..<40 { nested = [0x81, 0xA8] + Array("children".utf8) + [0x91] + nested }
        #expect(throws: MessagePackError.self) { try MessagePack.decode(Tree.self, from: nested + [0]) }
    }

    @Test func extremeMomentsAreWrittenAndRead() throws {
        for seconds in [Double.infinity, -.infinity, .nan, 1e300, -1e300, 9.3e18, -9.3e18, 0, -0.5, 253_402_300_800] {
            let date = Date(timeIntervalSinceReferenceDate: seconds)
            #expect(date.rfc3339Microseconds.utf8.count == 27)
            var writer = MessagePackWriter()
            writer.write(date)
            var reader = MessagePackReader(writer.bytes)
            _ = try reader.readDate()
        }
        for seconds in [Int64.min, .max, -1, 0] {
            let eight = withUnsafeBytes(of: seconds.bigEndian) { Array($0) }
            var reader = MessagePackReader([0xC7, 12, 0xFF, 0, 0, 0, 0] + eight)
            #expect(try reader.readDate().rfc3339Microseconds.utf8.count == 27)
        }
    }
}
