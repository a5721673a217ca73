// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Logging
import ServiceLifecycle
import Testing
import Weft
import WeftTestKit

extension TaskName where Input == String, Output == Int {
    fileprivate static var count: Self { "text:count" }
}

struct EventsLifecycleTests {
    @Test func typedTaskIsSubmittedAndAnswered() async throws {
        let events = EventsBench.events(.embedded(platform: nil)) {
            OnTask(.count) { text, _ in
                guard !text.isEmpty else { throw TaskFailure("there is nothing to count", retry: .never) }
                return text.count
            }
        }
        try await events.withRunning { events in
            let count = try await events.submit(.count, with: "four")
            #expect(count == 4)
            let error = try await #require(throws: EventsError.self) { try await events.submit(.count, with: "") }
            #expect(error.code == .taskFailed)
            #expect(error.message == "there is nothing to count")
        }
    }

    @Test func aSubmittedTaskNeedNotBeAwaitedButCanBe() async throws {
        let events = EventsBench.events(.embedded(platform: nil)) {
            OnTask(.count) { text, _ in
                guard !text.isEmpty else { throw TaskFailure("there is nothing to count", retry: .never) }
                return text.count
            }
        }
        try await events.withRunning { events in
            let receipt = try await events.submit(TaskSubmission(id: "t-1", name: "text:count", payload: "four"))
            #expect(receipt.id == "t-1")
            #expect(try await receipt.value == 4)
            let empty = try await events.submit(TaskSubmission(name: "text:count", payload: ""))
            let failure = await #expect(throws: TaskFailure.self) { try await empty.value }
            #expect(failure?.message == "there is nothing to count")
            let named = try await events.submit(.count, with: "seven") { $0.id = "t-2" }
            #expect(named == 5)
            #expect(try await events.node.task("t-2").status.state == .completed)
        }
    }

    @Test func workerOfAClusterSubmitsAsWell() async throws {
        let first = EventsBench.events(.embedded(platform: nil)) { OnTask(.count) { text, _ in text.count } }
        try await first.withRunning { first in
            let second = EventsBench.events(.worker(join: [try first.endpoint], agentID: "agt_1")) {
                OnTask { _ in "other" }
            }
            try await second.withRunning { second in
                let count = try await second.submit(.count, with: "four")
                #expect(count == 4)
            }
        }
    }

    @Test func eventsOfOneProcessAreHeardInAnother() async throws {
        let first = EventsBench.events(.embedded(platform: nil)) { OnTask { _ in "" } }
        try await first.withRunning { first in
            let second = EventsBench.events(.worker(join: [try first.endpoint])) { OnTask { _ in "" } }
            let heard = Collector<String>("events")
            first.bus.on("order:created") { (order: String) in heard.append(order) }
            try await second.withRunning { second in
                await second.bus.emit("order:created", "o-1")
                let orders = try await heard.prefix(1)
                #expect(orders == ["o-1"])
            }
        }
    }

    @Test func bodyThatThrowsIsCleanedUpAfter() async throws {
        struct Mistake: Error {}
        let shutDown = Expectation<Void>("the shutdown handler")
        let events = EventsBench.events(.embedded(platform: nil)) {
            OnTask { _ in "" }
            OnShutdown { shutDown.fulfil() }
        }
        await #expect(throws: Mistake.self) { try await events.withRunning { _ in throw Mistake() } }
        #expect(shutDown.isFulfilled)
        #expect(throws: EventsError.self) { try events.endpoint }
    }

    @Test func backgroundTaskIsAwaitedByTheStop() async throws {
        let gate = Gate("the background task")
        let done = Expectation<Void>("the background task to end")
        let events = EventsBench.events(.embedded(platform: nil)) { OnTask { _ in "" } }
        try await events.start()
        #expect(
            events.background {
                try await gate.pass()
                done.fulfil()
            })
        try await gate.arrivals()
        async let stopped: Void = events.stop()
        gate.open()
        await stopped
        #expect(done.isFulfilled)
        #expect(!events.background {})
    }

    @Test func startingTwiceIsRefused() async throws {
        let events = EventsBench.events(.embedded(platform: nil)) { OnTask { _ in "" } }
        try await events.withRunning { events in
            let error = try await #require(throws: EventsError.self) { try await events.start() }
            #expect(error.code == .alreadyStarted)
        }
        let error = try await #require(throws: EventsError.self) { try await events.start() }
        #expect(error.code == .alreadyStarted)
    }

    @Test func stopBeforeTheStartForbidsIt() async throws {
        let events = EventsBench.events(.embedded(platform: nil)) { OnTask { _ in "" } }
        await events.stop()
        await #expect(throws: EventsError.self) { try await events.start() }
    }

    @Test func stopEndsAStartThatWaitsForAnUnreachablePlatform() async throws {
        // Nobody listens there, and the start would go on trying for ever.
        let port = try ProcessHarness.freePorts(1)
        let platform = try PlatformConfiguration(
            baseURL: "http://127.0.0.1:\(port)", apiKey: Secret("key"), organizationID: "org", agentIDs: ["agt_1"])
        let booted = Expectation<Void>("the boot handler")
        let shutDown = Expectation<Void>("the shutdown handler")
        let events = EventsBench.events(.embedded(platform: platform)) {
            OnTask { _ in "" }
            OnBoot { booted.fulfil() }
            OnShutdown { shutDown.fulfil() }
        }
        let start = Task { try await events.start() }
        try await booted.value()
        try await EventsBench.within { await events.stop() }
        await #expect(throws: CancellationError.self) { try await start.value }
        #expect(shutDown.isFulfilled)
    }

    @Test func workerThatFindsNoClusterSaysWhereItLooked() async throws {
        let endpoint = "tcp://127.0.0.1:\(try ProcessHarness.freePorts())"
        var configuration = Events.Configuration.worker(join: [endpoint])
        configuration.joinTimeout = .milliseconds(200)
        let events = EventsBench.events(configuration) { OnTask { _ in "" } }
        let error = try await #require(throws: EventsError.self) { try await events.start() }
        #expect(error.code == .startFailed)
        #expect(error.message.contains(endpoint))
    }

    @Test func serviceGroupShutsItDownGracefully() async throws {
        let booted = Expectation<Void>("the boot handler")
        let shutDown = Expectation<Void>("the shutdown handler")
        let events = EventsBench.events(.embedded(platform: nil)) {
            OnTask { _ in "" }
            OnBoot { booted.fulfil() }
            OnShutdown { shutDown.fulfil() }
        }
        let group = ServiceGroup(services: [events], logger: Logger(label: "test"))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            try await booted.value()
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
        #expect(shutDown.isFulfilled)
    }

    @Test func stopEndsRun() async throws {
        let booted = Expectation<Void>("the boot handler")
        let events = EventsBench.events(.embedded(platform: nil)) {
            OnTask { _ in "" }
            OnBoot { booted.fulfil() }
        }
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await events.run() }
            try await booted.value()
            await events.stop()
            try await tasks.waitForAll()
        }
    }

    @Test func stopEndsRunServiceWithoutAnError() async throws {
        let booted = Expectation<Void>("the boot handler")
        let events = EventsBench.events(.embedded(platform: nil)) {
            OnTask { _ in "" }
            OnBoot { booted.fulfil() }
        }
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await events.runService(gracefulShutdownSignals: []) }
            try await booted.value()
            await events.stop()
            try await tasks.waitForAll()
        }
    }

    @Test func everyDuplicateIsFoundBeforeTheBootHandlersRun() async throws {
        let booted = Expectation<Void>("the boot handler")
        let events = EventsBench.events(.embedded(platform: nil)) {
            OnTask { _ in "one" }
            OnTask { _ in "two" }
            OnBoot { booted.fulfil() }
        }
        let error = try await #require(throws: EventsError.self) { try await events.start() }
        #expect(error.code == .duplicateHandler)
        #expect(!booted.isFulfilled)
    }
}
