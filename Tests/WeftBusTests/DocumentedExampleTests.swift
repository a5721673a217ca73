// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing
import WeftBus
import WeftValue

extension EventKey {
    fileprivate static var userLogin: EventKey<String, Date> { "user:login" }
}

/// What the documentation shows, as it stands there but for what is printed.
@Suite(.timeLimit(.minutes(3))) struct DocumentedExampleTests {
    private let journal = Journal()

    private func print(_ line: Any...) {
        self.journal.write(line.map { "\($0)" }.joined(separator: " "))
    }

    @Test func theBusInOneGlance() async {
        let bus = EventBus()
        bus.on("order:created") { (id: String, total: Double) in print("order \(id): \(total)") }
        bus.on(matching: "order:*") { record in print(record.name) }
        await bus.emit("order:created", "o-1", 42.0)
        #expect(self.journal.all == ["order o-1: 42.0", "order:created"])
    }

    @Test func keysAndTheirStreams() async {
        let bus = EventBus()
        bus.on(.userLogin) { user, at in print("\(user) logged in at \(at.timeIntervalSince1970)") }
        let logins = bus.events(.userLogin)
        await bus.emit(.userLogin, "john_doe", Date(timeIntervalSince1970: 5))
        for await (user, at) in logins {
            print("\(user) logged in at \(at.timeIntervalSince1970)")
            break
        }
        #expect(self.journal.all == ["john_doe logged in at 5.0", "john_doe logged in at 5.0"])
    }

    @Test func thePageOnTheBus() async {
        let bus = EventBus()
        let token = bus.on("order:created") { (id: String, total: Double) in print(id, total) }
        bus.on(matching: "order:*") { record in print(record.name, try record.values()) }
        bus.once("ready") { print("ready") }
        let records = bus.records(matching: "order:*")
        await bus.emit("order:created", "o-1", 1.5)
        await bus.emit("ready")
        await bus.emit("ready")
        bus.off(token)
        await bus.emit("order:created", "o-2", 2)
        for await record in records {
            print(record.name)
            if self.journal.all.count == 6 { break }
        }
        #expect(
            self.journal.all == [
                "o-1 1.5", "order:created [\"o-1\", 1.5]", "ready", "order:created [\"o-2\", 2]", "order:created",
                "order:created",
            ])
    }
}
