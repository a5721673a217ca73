// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import Weft
import WeftServer
import WeftTestKit

struct EventsPlatformTests {
    private struct Broken: Error, CustomStringConvertible { var description: String { "it broke" } }

    @EventsBuilder private static func handlers() -> [EventsComponent] {
        OnTask(options: TaskOptions { $0.input.text.hasPrefix("fail") }) { _ -> String in throw Broken() }
        OnTask(options: TaskOptions { $0.input.text.hasPrefix("nothing") }) { _ in }
        OnTask { task in
            await Task.yield()
            var task = task
            task.result = "did \(task.input.text)"
            return task
        }
    }

    @Test func startReturnsOnceThePlatformHasRegisteredTheAgent() async throws {
        try await EventsBench.withPlatform { standIn, platform in
            let events = EventsBench.events(.embedded(platform: platform)) { Self.handlers() }
            try await events.withRunning { _ in
                #expect(standIn.snapshot.connectedWorkers.map(\.agentID) == ["agt_1"])
            }
            try await EventsBench.within { try await standIn.wait { $0.connectedWorkers.isEmpty } }
        }
    }

    @Test func embeddedHandlersRunAndEveryEndIsReported() async throws {
        try await EventsBench.withPlatform { standIn, platform in
            let events = EventsBench.events(.embedded(platform: platform)) { Self.handlers() }
            try await events.withRunning { _ in
                let tasks = try await EventsBench.finished(["one", "fail", "nothing"], at: standIn)
                #expect(tasks.map(\.status) == ["completed", "error", "completed"])
                #expect(tasks.map(\.result) == ["did one", "it broke", ""])
                #expect(tasks.allSatisfy { $0.finalUpdates.count == 1 })
                #expect(tasks.allSatisfy { $0.updates.first?.status == "executing" })
            }
        }
    }

    @Test func sameHandlersRunAsAWorkerOfACluster() async throws {
        try await EventsBench.withPlatform { standIn, platform in
            // The first one has the coordinator; its own handler takes another agent's tasks only.
            let first = EventsBench.events(.embedded(platform: platform)) {
                OnTask("never") { (_: String, _) in "" }
            }
            try await first.withRunning { first in
                let second = EventsBench.events(.worker(join: [try first.endpoint], agentID: "agt_1")) {
                    Self.handlers()
                }
                try await second.withRunning { _ in
                    let tasks = try await EventsBench.finished(["one", "fail", "nothing"], at: standIn)
                    #expect(tasks.map(\.status) == ["completed", "error", "completed"])
                    #expect(tasks.map(\.result) == ["did one", "it broke", ""])
                }
            }
        }
    }

    @Test func severalAgentsAreServedByOneProgram() async throws {
        try await EventsBench.withPlatform(agents: []) { standIn, platform in
            let events = EventsBench.events(.embedded(platform: platform))
            for agent in ["agt_a", "agt_b"] {
                events.registerAgentWorker(agent) { OnTask { task in "\(agent): \(task.input.text)" } }
            }
            try await events.withRunning { _ in
                #expect(Set(standIn.snapshot.connectedWorkers.map(\.agentID)) == ["agt_a", "agt_b"])
                let tasks =
                    try await EventsBench.finished(["x"], agent: "agt_a", at: standIn)
                    + EventsBench.finished(["y"], agent: "agt_b", at: standIn)
                #expect(tasks.map(\.result) == ["agt_a: x", "agt_b: y"])
            }
        }
    }

    @Test func bootHandlersRunInOrderBeforeAnythingIsSent() async throws {
        try await EventsBench.withPlatform { standIn, platform in
            let order = Collector<String>("handlers")
            let events = EventsBench.events(.embedded(platform: platform)) {
                Self.handlers()
                OnBoot { order.append("boot 1, \(standIn.snapshot.workers.count) workers") }
                OnBoot { order.append("boot 2, \(standIn.snapshot.workers.count) workers") }
                OnShutdown { order.append("shutdown 1") }
                OnShutdown { order.append("shutdown 2") }
            }
            try await events.withRunning { _ in order.append("running") }
            #expect(
                order.elements == ["boot 1, 0 workers", "boot 2, 0 workers", "running", "shutdown 1", "shutdown 2"])
        }
    }

    @Test func failedBootHandlerEndsTheStartBeforeAnythingIsSent() async throws {
        try await EventsBench.withPlatform { standIn, platform in
            let order = Collector<String>("handlers")
            let events = EventsBench.events(.embedded(platform: platform)) {
                Self.handlers()
                OnBoot { throw Broken() }
                OnBoot { order.append("boot 2") }
                OnShutdown { order.append("shutdown") }
            }
            let error = try await #require(throws: EventsError.self) { try await events.start() }
            #expect(error.code == .bootFailed)
            #expect(error.message.contains("1 of 2") && error.message.contains("it broke"))
            #expect(error.cause is Broken)
            #expect(order.elements == [])
            #expect(standIn.snapshot.workers.isEmpty)
            await events.stop()
        }
    }

    @Test func failedShutdownHandlerDoesNotStopTheRest() async throws {
        let order = Collector<String>("handlers")
        let events = EventsBench.events(.embedded(platform: nil)) {
            Self.handlers()
            OnShutdown { throw Broken() }
            OnShutdown { order.append("second") }
        }
        try await events.withRunning { _ in }
        #expect(order.elements == ["second"])
    }

    @Test func stopLetsARunningTaskEndAndReportsIt() async throws {
        try await EventsBench.withPlatform { standIn, platform in
            let gate = Gate("the handler")
            let events = EventsBench.events(.embedded(platform: platform)) {
                OnTask { _ in
                    try await gate.pass()
                    return "in time"
                }
            }
            try await events.start()
            let id = try #require(try standIn.handTask(["text": "x", "agent_id": "agt_1"])["id"]?.stringValue)
            try await gate.arrivals()
            async let stopped: Void = events.stop()
            // The stream is closed first, so that nothing new arrives.
            try await EventsBench.within { try await standIn.wait { $0.connectedWorkers.isEmpty } }
            gate.open()
            await stopped
            #expect(standIn.snapshot.task(id)?.status == "completed")
            #expect(standIn.snapshot.task(id)?.result == "in time")
        }
    }

    @Test func finalUpdateThatDoesNotGetThroughIsSentAgain() async throws {
        try await EventsBench.withPlatform { standIn, platform in
            var configuration = Events.Configuration.embedded(platform: platform)
            configuration.coordinator.reportPauses = RetryPolicy(
                backoff: .milliseconds(1), maximumBackoff: .milliseconds(5))
            let events = EventsBench.events(configuration) { Self.handlers() }
            try await events.withRunning { _ in
                standIn.inject(.answer(status: 503, to: .finalUpdate, count: 3))
                let tasks = try await EventsBench.finished(["one"], at: standIn)
                #expect(tasks.map(\.result) == ["did one"])
            }
        }
    }

    @Test func conflictEndsRunWithAnErrorThatSaysWhatToDo() async throws {
        try await EventsBench.withPlatform { standIn, platform in
            let shutDown = Expectation<Void>("the shutdown handler")
            let events = EventsBench.events(.embedded(platform: platform)) {
                Self.handlers()
                OnShutdown { shutDown.fulfil() }
            }
            let run = Task { try await events.run() }
            try await EventsBench.within { try await standIn.wait { !$0.connectedWorkers.isEmpty } }
            standIn.inject(.conflict(agentID: nil, reason: "the cloud has it"))
            let error = try await #require(throws: EventsError.self) { try await run.value }
            #expect([.connectionLost, .startFailed].contains(error.code))
            #expect(error.message.contains("the cloud has it"))
            #expect(shutDown.isFulfilled)
        }
    }

    @Test func streamThatBreaksIsOpenedAgain() async throws {
        try await EventsBench.withPlatform { standIn, platform in
            var configuration = Events.Configuration.embedded(platform: platform)
            configuration.connection.reconnect = ReconnectPolicy(firstPause: .milliseconds(1))
            let events = EventsBench.events(configuration) { Self.handlers() }
            try await events.withRunning { _ in
                let first = try #require(standIn.snapshot.connectedWorkers.first?.id)
                standIn.inject(.dropStreams(agentID: nil, inMiddleOfEvent: true))
                try await EventsBench.within {
                    try await standIn.wait { $0.connectedWorkers.contains { $0.id != first } }
                }
                let tasks = try await EventsBench.finished(["one"], at: standIn)
                #expect(tasks.map(\.result) == ["did one"])
            }
        }
    }

    @Test func blockedSynchronousHandlersDoNotStopTheOthers() async throws {
        try await EventsBench.withPlatform { standIn, platform in
            let gate = Gate("the blocking handlers")
            var configuration = Events.Configuration.embedded(platform: platform)
            configuration.slots = 4
            configuration.maxSyncWorkers = 2
            let open = BlockingGate()
            let events = EventsBench.events(configuration) {
                OnTask(options: TaskOptions { $0.input.text == "block" }) { _ in open.wait() ? "unblocked" : "stuck" }
                OnTask { _ in
                    try await gate.pass()
                    return "free"
                }
            }
            gate.open()
            try await events.withRunning { _ in
                let blocked = Task { try await EventsBench.finished(["block", "block"], at: standIn) }
                try await EventsBench.within { try await open.arrivals(2) }
                let others = try await EventsBench.finished(["a", "b", "c"], at: standIn)
                #expect(others.map(\.result) == ["free", "free", "free"])
                open.open()
                #expect(try await blocked.value.map(\.result) == ["unblocked", "unblocked"])
            }
        }
    }
}
