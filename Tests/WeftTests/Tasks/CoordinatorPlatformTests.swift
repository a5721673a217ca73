// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking
import Testing
import WeftProtocol
import WeftServer
import WeftValue

@testable import Weft

/// A coordinator and the stand-in platform, over real HTTP and a real event stream.
@Suite(.timeLimit(.minutes(3)))
struct CoordinatorPlatformTests {
    @Test func aTaskOfThePlatformEndsCompletedWithItsResult() async throws {
        let task = try await PlatformScene.run { scene in
            try await scene.bench.withWorker("one", handler: PlatformScene.echo) { _ in
                try await scene.end(of: ["text": "dishes"])
            }
        }
        #expect(task.status == "completed")
        #expect(task.result == "did dishes")
        #expect(task.updates.map(\.status) == ["executing", "completed"])
    }

    @Test func aFailureEndsInErrorWithItsMessage() async throws {
        let task = try await PlatformScene.run { scene in
            try await scene.bench.withWorker("one", handler: { _, _ in .failed(TaskFailure("out of soap")) }) { _ in
                try await scene.end(of: ["text": "dishes"])
            }
        }
        #expect(task.status == "error")
        #expect(task.result == "out of soap")
    }

    @Test func tokensAreReportedAsMetricsAfterTheEnd() async throws {
        let task = try await PlatformScene.run { scene in
            try await scene.bench.withWorker(
                "one",
                handler: { _, _ in
                    .completed(
                        TaskResult("x", tokens: ["prompt_tokens": 3, "completion_tokens": 4], usedTools: ["search"]))
                }
            ) { _ in
                let task = try await scene.end(of: ["text": "dishes"])
                try await scene.standIn.wait { $0.task(task.id)?.metrics.isEmpty == false }
                return try #require(scene.standIn.snapshot.task(task.id))
            }
        }
        #expect(task.metrics.count == 1)
        #expect(task.metrics.first?["llm_tokens"]?["worker"]?["total_tokens"] == 7)
        #expect(task.metrics.first?["api_calls_made"] == ["search"])
    }

    @Test func metricsThatMeet503AreRepeatedUntilTheyAreTaken() async throws {
        let standIn = try await PlatformScene.run { scene in
            scene.standIn.inject(.answer(status: 503, to: .metrics, count: 2))
            scene.standIn.inject(.drop(.metrics, count: 1))
            return try await scene.bench.withWorker(
                "one", handler: { _, _ in .completed(TaskResult("x", tokens: ["prompt_tokens": 3])) }
            ) { _ in
                let task = try await scene.end(of: ["text": "dishes"])
                try await scene.standIn.wait { $0.task(task.id)?.metrics.isEmpty == false }
                return scene.standIn
            }
        }
        #expect(standIn.snapshot.statistics.faults == 3)
        #expect(standIn.snapshot.tasks.map(\.metrics.count) == [1])
        #expect(standIn.snapshot.tasks.first?.updates.map(\.status) == ["executing", "completed"])
    }

    @Test func metricsThatAreRefusedEndWithoutAnotherAttempt() async throws {
        let standIn = try await PlatformScene.run { scene in
            scene.standIn.inject(.answer(status: 422, to: .metrics, count: 1))
            return try await scene.bench.withWorker(
                "one", handler: { _, _ in .completed(TaskResult("x", tokens: ["prompt_tokens": 3])) }
            ) { _ in
                _ = try await scene.end(of: ["text": "dishes"])
                #expect(await scene.isReported(refused: 1))
                return scene.standIn
            }
        }
        #expect(standIn.snapshot.tasks.map(\.metrics.count) == [0])
        #expect(standIn.snapshot.statistics.faults == 1)
    }

    @Test func twoHundredTasksEndWithOneFinalUpdateEach() async throws {
        // A look at the platform's list that crosses an update on its way says the end again, which does no harm and is not meant here.
        let snapshot = try await PlatformScene.run(platformPoll: .seconds(600)) { scene in
            try await scene.bench.withWorker("one", handler: PlatformScene.echo) { _ in
                try await scene.bench.withWorker("two", handler: PlatformScene.echo) { _ in
                    for index in 0..<200 { try scene.standIn.handTask(["text": .string("\(index)")]) }
                    try await scene.standIn.wait { $0.count(status: "completed") == 200 }
                    return scene.standIn.snapshot
                }
            }
        }
        #expect(snapshot.tasks.allSatisfy { !$0.finalUpdates.isEmpty })
        // The look at the beginning may cross some.
        #expect(snapshot.tasks.count { $0.finalUpdates.count > 1 } <= 20)
        #expect(snapshot.statistics.conflictingFinalUpdates == 0)
    }

    @Test func updatesThatMeet503AreRepeatedUntilTheyAreTaken() async throws {
        let task = try await PlatformScene.run { scene in
            scene.standIn.inject(.answer(status: 503, to: .finalUpdate, count: 3))
            scene.standIn.inject(.drop(.finalUpdate, count: 1))
            scene.standIn.inject(.answer(status: 503, to: .otherUpdate, count: 1))
            return try await scene.bench.withWorker("one", handler: PlatformScene.echo) { _ in
                try await scene.end(of: ["text": "dishes"])
            }
        }
        #expect(task.status == "completed")
        #expect(task.result == "did dishes")
    }

    @Test func aLostReplyIsRepeatedWithTheSameBody() async throws {
        let snapshot = try await PlatformScene.run { scene in
            scene.standIn.inject(.loseReply(.finalUpdate, count: 2))
            return try await scene.bench.withWorker("one", handler: PlatformScene.echo) { _ in
                _ = try await scene.end(of: ["text": "dishes"])
                try await scene.standIn.wait { $0.statistics.repeatedFinalUpdates == 2 }
                return scene.standIn.snapshot
            }
        }
        #expect(snapshot.statistics.conflictingFinalUpdates == 0)
    }

    @Test func aTaskDeliveredAgainAfterALostStreamRunsOnce() async throws {
        let runs = Locked(0)
        let (began, signal) = AsyncStream.makeStream(of: Void.self)
        let (release, go) = AsyncStream.makeStream(of: Void.self)
        let task = try await PlatformScene.run(redelivers: true) { scene in
            try await scene.bench.withWorker(
                "one",
                handler: { _, _ in
                    runs.withLock { $0 += 1 }
                    signal.yield()
                    for await _ in release { break }
                    return .completed(TaskResult("once"))
                }
            ) { _ in
                let id = try #require(try scene.standIn.handTask(["text": "dishes"])["id"]?.stringValue)
                for await _ in began { break }
                scene.standIn.inject(.dropStreams(agentID: nil, inMiddleOfEvent: true))
                try await scene.standIn.wait { $0.task(id)?.deliveries.count == 2 }
                go.yield()
                try await scene.standIn.wait { $0.task(id)?.isFinal ?? false }
                return try #require(scene.standIn.snapshot.task(id))
            }
        }
        #expect(task.result == "once")
        #expect(runs.withLock { $0 } == 1)
        #expect(task.updates.map(\.status) == ["executing", "completed"])
    }

    @Test func withoutAWorkerThePlatformIsToldBusyAndAFreeOneIsTold() async throws {
        try await PlatformScene.run { scene in
            try await scene.standIn.wait { $0.connectedWorkers.first?.isBusy == true }
            try await scene.bench.withWorker("one", handler: PlatformScene.echo) { _ in
                try await scene.standIn.wait { $0.connectedWorkers.first?.isBusy == false }
            }
            try await scene.standIn.wait { $0.connectedWorkers.first?.isBusy == true }
        }
    }

    @Test func aTaskThePlatformStoppedIsCancelledWhenItBegins() async throws {
        let (began, signal) = AsyncStream.makeStream(of: Void.self)
        let task = try await PlatformScene.run { scene in
            // The update is held back until the task has been stopped.
            scene.standIn.inject(.delay(.otherUpdate, milliseconds: 300, count: 1))
            return try await scene.bench.withWorker(
                "one",
                handler: { _, _ in
                    signal.yield()
                    for await _ in AsyncStream<Void>.makeStream().stream {}
                    return .cancelled(reason: "stopped")
                }
            ) { worker in
                let id = try #require(try scene.standIn.handTask(["text": "dishes"])["id"]?.stringValue)
                for await _ in began { break }
                try scene.standIn.stopTask(id)
                let record = try await scene.bench.coordinator.outcome(of: id, within: .seconds(20))
                #expect(record?.status.state == .cancelled)
                return try #require(scene.standIn.snapshot.task(id))
            }
        }
        #expect(task.status == "stopped")
        #expect(task.finalUpdates.allSatisfy { $0.status != "completed" })
    }

    @Test func aTaskThatCannotBeReadIsReportedAsAnError() async throws {
        try await PlatformScene.run { scene in
            let id = try #require(
                try scene.standIn.handTask(["text": "seen by nobody", "agent_id": "other"])["id"]?.stringValue)
            scene.standIn.inject(
                .sendText(
                    agentID: nil,
                    text: "event: agent-execution\ndata: {\"id\": \"\(id)\", \"agent_id\": \"agent\"}\n\n"))
            try await scene.standIn.wait { $0.task(id)?.status == "error" }
        }
    }

    @Test func aConflictEndsTheCoordinatorWithAnErrorOfItsOwn() async throws {
        let failure = await #expect(throws: TaskPlaneFailure.self) {
            try await PlatformScene.run { scene in
                scene.standIn.inject(.conflict(agentID: nil, reason: "served from the cloud"))
                let state = await scene.bench.coordinator.waitUntil(within: .seconds(20)) { _ in false }
                #expect(!state)
            }
        }
        #expect(failure?.code == .conflict)
        #expect(failure?.message.contains("served from the cloud") == true)
    }

    @Test func stoppingLetsRunningWorkEndAndReportsIt() async throws {
        let (began, signal) = AsyncStream.makeStream(of: Void.self)
        let (release, go) = AsyncStream.makeStream(of: Void.self)
        let standIn = Locked<StandInPlatform?>(nil)
        let id = Locked("")
        try await PlatformScene.run { scene in
            try await scene.bench.withWorker(
                "one",
                handler: { _, _ in
                    signal.yield()
                    for await _ in release { break }
                    return .completed(TaskResult("in time"))
                }
            ) { _ in
                let task = try scene.standIn.handTask(["text": "dishes"])["id"]?.stringValue ?? ""
                id.withLock { $0 = task }
                standIn.withLock { $0 = scene.standIn }
                for await _ in began { break }
                await scene.bench.coordinator.requestStop()
                try await scene.standIn.wait { $0.connectedWorkers.isEmpty }
                go.yield()
                try await scene.standIn.wait { $0.task(task)?.isFinal ?? false }
            }
        }
        let task = standIn.withLock { $0 }?.snapshot.task(id.withLock { $0 })
        #expect(task?.status == "completed")
        #expect(task?.result == "in time")
    }

    @Test func severalAgentsAreServedByTheWorkersThatNameThem() async throws {
        try await PlatformScene.run(agents: ["agent", "other"]) { scene in
            try await scene.bench.withWorker("one", agents: ["agent"], handler: PlatformScene.echo) { _ in
                try await scene.bench.withWorker(
                    "two", agents: ["other"], handler: { _, _ in .completed(TaskResult("from two")) }
                ) { _ in
                    let first = try await scene.end(of: ["text": "a", "agent_id": "agent"])
                    let second = try await scene.end(of: ["text": "b", "agent_id": "other"])
                    #expect(first.result == "did a")
                    #expect(second.result == "from two")
                }
            }
        }
    }
}
