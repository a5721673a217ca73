// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Weft

extension EventKey {
    static var userLogin: EventKey<String, Date> { "user:login" }
    static var userLogout: EventKey<String> { "user:logout" }
}

/// A tour of everything that the event bus does, in one process and without any network.
///
///     swift run Examples tour
enum BusTour {
    struct CardDeclined: Error, CustomStringConvertible {
        var description: String { "the card was declined" }
    }

    static func run() async {
        // One bus for the whole process; it works before anything is started. Tests make their own: EventBus().
        let bus = EventBus.shared

        print("— on, emit")
        let greeting = bus.on(.userLogin) { user, at in print("  \(user) logged in") }
        // A handler that suspends is asynchronous; emit waits for it.
        bus.on(.userLogin) { user, at in
            await store(user)
            print("  \(user) is stored")
        }
        let report = await bus.emit(.userLogin, "ada", .now)
        print("  listeners: \(report.listeners), delivered: \(report.delivered)")

        print("— once")
        bus.once("first:visit") { (user: String) in print("  welcome, \(user)!") }
        await bus.emit("first:visit", "ada")
        let second = await bus.emit("first:visit", "ada")
        print("  the second time anyone listened: \(second.hadListeners)")

        print("— off")
        bus.off(greeting)
        bus.off(greeting)  // harmless
        await bus.emit(.userLogin, "grace", .now)

        print("— emitSync, where nothing can be awaited")
        bus.on(.userLogout) { user in print("  \(user) logged out") }
        bus.emitSync(.userLogout, "grace")

        print("— patterns")
        let audit = bus.on(matching: "*") { record in print("  audit: \(record.name)") }
        bus.on(matching: "order:*") { record in print("  order \(try record.values()[0].json())") }
        await bus.emit("order:created", "o-1", 42.0)
        bus.off(audit)

        print("— a failing handler stops nobody else")
        bus.on(.handlerFailed) { failure in print("  error: \(failure.message)") }
        bus.on("payment:due") { (order: String) in throw CardDeclined() }
        bus.on("payment:due") { (order: String) in print("  the next handler runs: \(order)") }
        let failed = await bus.emit("payment:due", "o-1")
        print("  failures: \(failed.failures.count)")

        print("— events as a sequence")
        let logouts = bus.events(.userLogout)
        bus.emitSync(.userLogout, "alan")
        for await user in logouts {
            print("  heard of \(user)")
            break
        }

        print("— names and counts")
        print("  listeners of user:login: \(bus.listenerCount(for: "user:login"))")
        print("  names: \(bus.eventNames.map(\.description).sorted().joined(separator: ", "))")

        print("— history")
        print("  events: \(bus.history().count), logins: \(bus.history(of: "user:login").count)")
        bus.clearHistory()
        print("  after clearing: \(bus.history().count)")

        print("— removeAllListeners")
        bus.removeAllListeners(for: "user:login")
        print("  of one name: \(bus.listenerCount(for: "user:login"))")
        bus.removeAllListeners()
        print("  of all: \(bus.eventNames.count)")
    }

    static func store(_ user: String) async {
        await Task.yield()  // stands for a database
    }
}
