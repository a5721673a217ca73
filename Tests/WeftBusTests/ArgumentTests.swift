// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing
import WeftBus
import WeftValue

/// Typed keys, dynamic arguments, and what happens when they do not fit.
struct ArgumentTests {
    let bus = EventBus()
    let journal = Journal()

    @Test func keyNamesTheTypesOnce() async {
        let at = Date(timeIntervalSince1970: 5)
        self.bus.on(.userLogin) { user, time in self.journal.write("\(user) \(time == at)") }
        await self.bus.emit(.userLogin, "john_doe", at)
        #expect(self.journal.all == ["john_doe true"])
    }

    @Test func localListenersGetTheVeryValue() async {
        let token = Token()
        self.bus.on("a") { (other: Token) in self.journal.write("\(other === token)") }
        await self.bus.emit("a", token)
        #expect(self.journal.all == ["true"])
    }

    @Test func extraArgumentsAreIgnoredAndMissingOnesAreNilWhereTheyCan() async {
        self.bus.on("a") { (n: Int) in self.journal.write("\(n)") }
        self.bus.on("a") { self.journal.write("none") }
        self.bus.on("a") { (n: Int, s: String, extra: Double?) in self.journal.write("\(n) \(s) \(extra as Any)") }
        self.bus.on("a") { (n: Int, s: String, missing: Value) in self.journal.write("never") }
        let report = await self.bus.emit("a", 1, "x")
        #expect(self.journal.all == ["1", "none", "1 x nil"])
        #expect(report.failures.map(\.code) == [.undecodable])
    }

    @Test func otherTypesOfTheSameValueFit() async {
        self.bus.on("a") { (n: Double, s: Value) in self.journal.write("\(n) \(s.json())") }
        self.bus.on("a") { (n: UInt8, s: String?) in self.journal.write("\(n) \(s ?? "")") }
        await self.bus.emit("a", 7, "x")
        await self.bus.emit("a", values: [8, "y"])
        #expect(self.journal.all == ["7.0 \"x\"", "7 x", "8.0 \"y\"", "8 y"])
    }

    @Test func everyKindOfArgumentTravels() async throws {
        let order = Order(id: 3, items: ["a"], note: nil)
        await self.bus.emit(
            "a", "s", true, 1.5, [UInt8]([1, 2]), Date(timeIntervalSince1970: 9), [Int?]([1, nil]), order)
        let key = EventKey<String, Bool, Double, [UInt8], Date, [Int?], Order>("a")
        let record = try #require(self.bus.history().first)
        let decoded = try record.decode(as: key)
        #expect(decoded.0 == "s" && decoded.1 && decoded.2 == 1.5 && decoded.3 == [1, 2])
        #expect(decoded.4 == Date(timeIntervalSince1970: 9) && decoded.5 == [1, nil] && decoded.6 == order)
        #expect(
            try record.values() == [
                "s", true, 1.5, .bytes([1, 2]), .date(Date(timeIntervalSince1970: 9)), [1, nil],
                ["id": 3, "items": ["a"]],
            ])
    }

    @Test func undecodableIsAnnouncedWithNameExpectedAndFound() async {
        let signal = Signal([String].self)
        self.bus.on(.undecodable) { name, expected, found in signal.send([name, expected, found]) }
        self.bus.on("a") { (_: String, _: Int?) in self.journal.write("called") }
        let report = await self.bus.emit("a", 1, true)
        await self.bus.deliver([remote("a", ["x": 1])])
        #expect(
            await signal.next(2) == [
                ["a", "(String, Optional<Int>)", "(an integer, a boolean)"],
                ["a", "(String, Optional<Int>)", "(a map)"],
            ])
        #expect(self.journal.all.isEmpty)
        #expect(report.failures.first?.message.contains("expected a string, found an integer") == true)
        #expect(self.bus.counters.undecodable == 2)
        #expect(self.bus.counters.unhandledErrors == 0)
    }

    @Test func listenerOfUndecodableThatDoesNotFitDoesNotGoRound() async {
        let signal = Signal(String.self)
        self.bus.on("weft:undecodable") { (_: Int) in }
        self.bus.on("weft:undecodable") { (name: String) in signal.send(name) }
        self.bus.on("a") { (_: String) in }
        await self.bus.emit("a", 1)
        await self.bus.emit("a", 2)
        #expect(await signal.next(2) == ["a", "a"])
        #expect(self.bus.counters.undecodable == 4)
    }

    @Test func eventThatDoesNotFitDoesNotUseUpAOneTimeListener() async {
        self.bus.once("a") { (n: Int) in self.journal.write("\(n)") }
        await self.bus.emit("a", "x")
        await self.bus.emit("a", 1)
        await self.bus.emit("a", 2)
        #expect(self.journal.all == ["1"])
    }

    @Test func malformedArgumentsFromOutsideAreUndecodableAndNothingWorse() async {
        self.bus.on("a") { (_: Int) in self.journal.write("called") }
        self.bus.on(matching: "a") { record in _ = try record.values() }
        let hostile: [[UInt8]] = [
            [0xC1], [0xDD, 255, 255, 255, 255], [0x01], [0x91], [0x92, 0x01], [0x91, 0xDB, 255, 0, 0, 0],
        ]
        for arguments in hostile {
            let record = EventRecord(
                name: "a", origin: .other, sequence: 1, time: Date(), arguments: arguments[...])
            await self.bus.deliver([record])
            #expect(record.value["name"] == "a")
        }
        // Of [1, and nothing] the first argument can be read, and the listener wants no more.
        #expect(self.journal.all.count <= 1)
        #expect(self.bus.counters.undecodable >= 11)
    }

    @Test func recordHasTheFormOfTheCommandLine() {
        #expect(
            remote("order:created", "o-1", ["total": 42], sequence: 7).value.json()
                == #"{"arguments":["o-1",{"total":42}],"name":"order:created","#
                + #""origin":"01010101010101010101010101010101","sequence":7,"time":"1970-01-01T00:00:01.000000Z"}"#)
    }
}

extension EventKey {
    fileprivate static var userLogin: EventKey<String, Date> { "user:login" }
}

private struct Order: Codable, Equatable {
    var id: Int
    var items: [String]
    var note: String?
}

private final class Token: Codable, Sendable {}
