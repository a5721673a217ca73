// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing
import WeftValue

struct MessagePackTests {
    @Test(arguments: Golden.small + Golden.large)
    func valueHasTheBytesOfTheSpecification(golden: Golden) throws {
        var writer = MessagePackWriter()
        writer.write(golden.value)
        #expect(writer.bytes == golden.bytes)
    }

    @Test(arguments: Golden.small + Golden.large + Golden.readOnly)
    func bytesOfTheSpecificationAreRead(golden: Golden) throws {
        var reader = MessagePackReader(golden.bytes)
        let value = try reader.readValue()
        #expect(value == golden.value)
        #expect(reader.isAtEnd)
        var skipper = MessagePackReader(golden.bytes + [0xC0])
        let skipped = try skipper.skip()
        #expect(Array(skipped) == golden.bytes)
        #expect(Array(skipper.remaining) == [0xC0])
    }

    @Test(arguments: Golden.small + Golden.readOnly)
    func everyTruncationIsAnErrorAndLeavesTheReaderWhereItWas(golden: Golden) {
        for count in 0..<golden.bytes.count {
            var reader = MessagePackReader(Array(golden.bytes.prefix(count)))
            #expect(self.code { _ = try reader.readValue() } == .truncated)
            #expect(self.code { _ = try reader.skip() } == .truncated)
            #expect(reader.remaining.count == count)
        }
    }

    @Test(arguments: ["ddffffffff", "dfffffffff", "c6ffffffff", "dbffffffff", "c9ffffffffff", "dcffff00", "deffff0000"])
    func declaredLengthIsNotTrusted(hex: String) {
        var reader = MessagePackReader(bytes(hex))
        #expect(self.code { _ = try reader.readValue() } == .truncated)
        #expect(self.code { _ = try reader.skip() } == .truncated)
        #expect(self.code { _ = try MessagePack.decode([String].self, from: bytes(hex)) } != nil)
        #expect(self.code { _ = try MessagePack.decode([String: Int].self, from: bytes(hex)) } != nil)
    }

    @Test func nestingIsBounded() throws {
        for head: [UInt8] in [[0x91], [0x81, 0xA1, 0x61]] {
            let bomb = Array(repeatElement(head, count: 500_000).joined()) + [0xC0]
            var reader = MessagePackReader(bomb)
            #expect(self.code { _ = try reader.readValue() } == .tooDeep)
            #expect(reader.remaining.count == bomb.count)
            #expect(self.code { _ = try reader.skip() } == .tooDeep)
            #expect(reader.remaining.count == bomb.count)
            #expect(self.code { _ = try MessagePack.decode(Tree.self, from: bomb) } != nil)
        }
        let allowed = [UInt8](repeating: 0x91, count: MessagePack.depthLimit) + [0xC0]
        var reader = MessagePackReader(allowed)
        _ = try reader.readValue()
    }

    @Test func typeThatContainsItselfFollowsTheBytesOnlySoFar() {
        let bomb = Array(repeatElement(bytes("81a46e657874"), count: 10_000).joined()) + [0xC0]
        #expect(self.code { _ = try MessagePack.decode(Chain.self, from: bomb) } == .tooDeep)
        let chain = Chain()
        chain.next = chain
        #expect(self.code { _ = try MessagePack.encode(chain) } == .tooDeep)
        chain.next = nil
    }

    @Test(arguments: [
        ("c1", MessagePackError.Code.typeMismatch), ("d40100", .unsupported), ("8101c0", .unsupported),
        ("a1ff", .invalidText), ("d5ff0000", .unsupported), ("d7ffffffffff00000000", .outOfRange),
    ])
    func whatNoValueCanHoldIsNamed(hex: String, code: MessagePackError.Code) {
        var reader = MessagePackReader(bytes(hex))
        #expect(self.code { _ = try reader.readValue() } == code)
    }

    @Test func chanceNeitherTrapsNorBreaksTheRoundTrip() throws {
        var chance = SplitMix(state: 1)
        var readable = 0
        for _ in 0..<20_000 {
            let noise = (0..<Int.random(in: 1...24, using: &chance)).map { _ in
                UInt8.random(in: 0...255, using: &chance)
            }
            var reader = MessagePackReader(noise)
            guard let value = try? reader.readValue() else { continue }
            readable += 1
            var writer = MessagePackWriter()
            writer.write(value)
            var again = MessagePackReader(writer.bytes)
            var rewriter = MessagePackWriter()
            rewriter.write(try again.readValue())
            #expect(rewriter.bytes == writer.bytes)
            _ = try Value(json: value.json())
        }
        #expect(readable > 1000)
    }

    @Test func numbersAreReadAsWhateverTypeHasTheSameValue() throws {
        #expect(try MessagePack.decode(UInt8.self, from: bytes("ccff")) == 255)
        #expect(try MessagePack.decode(Int.self, from: bytes("cb4045000000000000")) == 42)
        #expect(try MessagePack.decode(Double.self, from: bytes("2a")) == 42)
        #expect(self.code { _ = try MessagePack.decode(Int8.self, from: bytes("ccff")) } == .outOfRange)
        #expect(self.code { _ = try MessagePack.decode(UInt.self, from: bytes("ff")) } == .outOfRange)
        #expect(self.code { _ = try MessagePack.decode(Int.self, from: bytes("cb3ff8000000000000")) } == .outOfRange)
        #expect(self.code { _ = try MessagePack.decode(Int.self, from: bytes("cb7ff0000000000000")) } == .outOfRange)
        #expect(self.code { _ = try MessagePack.decode(Int.self, from: bytes("a161")) } == .typeMismatch)
        #expect(self.code { _ = try MessagePack.decode(Int.self, from: bytes("0101")) } == .trailingBytes)
    }

    private func code(_ body: () throws -> Void) -> MessagePackError.Code? {
        do {
            try body()
            return nil
        } catch {
            return (error as? MessagePackError)?.code
        }
    }
}

private struct Tree: Codable {
    var children: [Tree]

    init(from decoder: any Decoder) throws {
        self.children = try decoder.singleValueContainer().decode([Tree].self)
    }
}

private final class Chain: Codable {
    var next: Chain?
}
