// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking
import Testing
import WeftProtocol
import WeftServer
import WeftValue

@testable import Weft

/// What a coordinator owes the platform and the reference client doesn't do, held to against the stand-in.
@Suite(.timeLimit(.minutes(3)))
struct PlatformRuleTests {
    // MARK: - The task id is identity

    @Test func aSecondDeliveryOfARunningTaskIsIgnored() async throws {
        let runs = Locked(0)
        let (began, signal) = AsyncStream.makeStream(of: Void.self)
        let (release, go) = AsyncStream.makeStream(of: Void.self)
        let standIn = try await PlatformScene.run { scene in
            try await scene.bench.withWorker(
                "one",
                handler: { _, _ in
                    runs.withLock { $0 += 1 }
                    signal.yield()
                    for await _ in release { break }
                    return .completed(TaskResult("once"))
                }
            ) { _ in
                let task = try scene.standIn.handTask(["text": "dishes"])
                for await _ in began { break }
                for _ in 0..<3 { scene.send(event: "agent-execution", data: task.json()) }
                let isHeard = await scene.bench.coordinator.waitUntil(within: .seconds(20)) {
                    $0.dispatcher?.counters.repeated == 3
                }
                #expect(isHeard)
                go.yield()
                try await scene.standIn.wait { $0.isEveryTaskFinal }
                return scene.standIn
            }
        }
        #expect(runs.withLock { $0 } == 1)
        #expect(standIn.snapshot.tasks.map { $0.updates.map(\.status) } == [["executing", "completed"]])
    }

    @Test func anEndedTaskThatComesAgainIsAnsweredWithItsOutcomeAndNotRun() async throws {
        let runs = Locked(0)
        let standIn = try await PlatformScene.run { scene in
            try await scene.bench.withWorker(
                "one",
                handler: { _, _ in
                    let run = runs.withLock { runs in
                        runs += 1
                        return runs
                    }
                    return .completed(TaskResult(.string("run \(run)"), tokens: ["prompt_tokens": 3]))
                }
            ) { _ in
                let task = try scene.standIn.handTask(["text": "dishes"])
                try await scene.standIn.wait { $0.tasks.first?.metrics.count == 1 }
                #expect(await scene.isReported(refused: 0))
                scene.send(event: "agent-execution", data: task.json())
                try await scene.standIn.wait { $0.statistics.repeatedFinalUpdates == 1 }
                return scene.standIn
            }
        }
        let task = try #require(standIn.snapshot.tasks.first)
        #expect(runs.withLock { $0 } == 1)
        #expect(task.finalUpdates.map(\.result) == ["run 1", "run 1"])
        #expect(standIn.snapshot.statistics.conflictingFinalUpdates == 0)
        // Its tokens are not counted a second time.
        #expect(task.metrics.count == 1)
    }

    // MARK: - Updates

    @Test func aBeginningThatIsNeverTakenDoesNotStopTheWork() async throws {
        for status in [503, 400] {
            let standIn = try await PlatformScene.run { scene in
                scene.standIn.inject(.answer(status: status, to: .otherUpdate, count: 1_000))
                let (release, go) = AsyncStream.makeStream(of: Void.self)
                return try await scene.bench.withWorker(
                    "one",
                    handler: { _, _ in
                        for await _ in release { break }
                        return .completed(TaskResult("done"))
                    }
                ) { _ in
                    let id = try scene.hand(["text": "dishes"])
                    // It works on while the platform refuses to hear that it has begun.
                    let hasFailed = await scene.bench.coordinator.waitUntil(within: .seconds(20)) {
                        $0.outbox.counters.failures + $0.outbox.counters.refused > 0
                    }
                    #expect(hasFailed)
                    go.yield()
                    try await scene.standIn.wait { $0.task(id)?.isFinal ?? false }
                    return scene.standIn
                }
            }
            let task = try #require(standIn.snapshot.tasks.first)
            #expect(task.updates.map(\.status) == ["completed"])
            #expect(task.result == "done")
        }
    }

    @Test func whateverHappensToFinalUpdatesOneDistinctOneArrives() async throws {
        let standIn = try await PlatformScene.run { scene in
            scene.standIn.inject(.answer(status: 503, to: .finalUpdate, count: 3))
            scene.standIn.inject(.loseReply(.finalUpdate, count: 3))
            scene.standIn.inject(.drop(.finalUpdate, count: 3))
            scene.standIn.inject(.answer(status: 429, to: .finalUpdate, count: 2, retryAfter: 0))
            return try await scene.bench.withWorker("one", handler: PlatformScene.echo) { _ in
                for index in 0..<5 { _ = try scene.hand(["text": .string("\(index)")]) }
                try await scene.standIn.wait { $0.count(status: "completed") == 5 && $0.statistics.faults == 11 }
                #expect(await scene.isReported(refused: 0))
                return scene.standIn
            }
        }
        #expect(standIn.snapshot.statistics.conflictingFinalUpdates == 0)
        #expect(standIn.snapshot.statistics.repeatedFinalUpdates == 3)
        for task in standIn.snapshot.tasks {
            #expect(Set(task.finalUpdates.map(\.result)).count == 1)
            #expect(Set(task.finalUpdates.map(\.status)) == ["completed"])
        }
    }

    /// Only the next registration, left out here, brings it up again, when the platform then still shows the task.
    @Test(arguments: [400, 404, 409, 422])
    func aClearRefusalEndsAFinalUpdate(status: Int) async throws {
        let standIn = try await PlatformScene.run(reconciles: false) { scene in
            scene.standIn.inject(.answer(status: status, to: .finalUpdate, count: 1))
            return try await scene.bench.withWorker("one", handler: PlatformScene.echo) { _ in
                _ = try scene.hand(["text": "dishes"])
                #expect(await scene.isReported(refused: 1))
                // What comes after it isn't held up.
                let next = try await scene.end(of: ["text": "floor"])
                #expect(next.result == "did floor")
                return scene.standIn
            }
        }
        // By now the coordinator has stopped too, and flushed what it had.
        #expect(standIn.snapshot.tasks.map(\.finalUpdates.count) == [0, 1])
        #expect(standIn.snapshot.statistics.faults == 1)
    }

    // MARK: - Capacity

    @Test func busyIsSaidAtOnceWithoutAWorkerAndThenOnlyChangesAre() async throws {
        let standIn = try await PlatformScene.run { scene in
            try await scene.standIn.wait { $0.connectedWorkers.first?.capacityMessages == [true] }
            try await scene.bench.withWorker("one", slots: 4, handler: PlatformScene.echo) { _ in
                try await scene.standIn.wait { $0.connectedWorkers.first?.isBusy == false }
                // There is a free slot all the time, so there is nothing to say.
                for index in 0..<6 { _ = try await scene.end(of: ["text": .string("\(index)")]) }
            }
            try await scene.standIn.wait { $0.connectedWorkers.first?.isBusy == true }
            return scene.standIn
        }
        #expect(standIn.snapshot.workers.map(\.capacityMessages) == [[true, false, true]])
    }

    @Test func busyIsSaidAgainAfterAReconnection() async throws {
        let standIn = try await PlatformScene.run { scene in
            try await scene.standIn.wait { $0.connectedWorkers.first?.isBusy == true }
            scene.standIn.inject(.dropStreams(agentID: nil, inMiddleOfEvent: false))
            try await scene.standIn.wait { $0.workers.count == 2 && $0.connectedWorkers.first?.isBusy == true }
            return scene.standIn
        }
        #expect(standIn.snapshot.workers.map(\.capacityMessages) == [[true], [true]])
    }

    // MARK: - Bad events

    @Test func noBadEventEndsTheStreamOrTheWork() async throws {
        let standIn = try await PlatformScene.run { scene in
            try await scene.bench.withWorker("one", handler: PlatformScene.echo) { _ in
                scene.send(event: "agent-execution", data: "{not json")
                scene.send(event: "agent-execution", data: "[]")
                scene.send(event: "agent-execution", data: "{\"id\": 7}")
                scene.send(event: "something-new", data: "{\"id\": \"x\"}")
                scene.send(event: "worker-registration", data: "nonsense")
                scene.standIn.inject(.sendText(agentID: nil, text: "event: agent-execution\n\n"))
                scene.standIn.inject(.sendText(agentID: nil, text: "data\n\n:\n\ndata: \0\n\n"))
                let task = try await scene.end(of: ["text": "dishes"])
                #expect(task.result == "did dishes")
                return scene.standIn
            }
        }
        #expect(standIn.snapshot.statistics.streamsOpened == 1)
    }

    @Test func anUnreadableTaskWithAnIDEndsInErrorAndTheOthersGoOn() async throws {
        let standIn = try await PlatformScene.run { scene in
            try await scene.bench.withWorker("one", handler: PlatformScene.echo) { _ in
                // Known to the platform, but never dealt as it should be.
                let id = try scene.hand(["text": "seen by nobody", "agent_id": "other"])
                scene.send(event: "agent-execution", data: "{\"id\": \"\(id)\", \"agent_id\": \"agent\", \"input\": 3}")
                try await scene.standIn.wait { $0.task(id)?.isFinal ?? false }
                _ = try await scene.end(of: ["text": "dishes"])
                return scene.standIn
            }
        }
        #expect(standIn.snapshot.tasks.map(\.status) == ["error", "completed"])
        #expect(standIn.snapshot.tasks.first?.updates.map(\.status) == ["error"])
        #expect(standIn.snapshot.tasks.first?.result?.isEmpty == false)
    }

    // MARK: - Stopping

    @Test func stoppingClosesTheStreamLetsWorkEndAndFlushesTheOutbox() async throws {
        let (began, signal) = AsyncStream.makeStream(of: Void.self)
        let (release, go) = AsyncStream.makeStream(of: Void.self)
        let standIn = try await PlatformScene.run { scene in
            scene.standIn.inject(.answer(status: 503, to: .finalUpdate, count: 3))
            return try await scene.bench.withWorker(
                "one",
                handler: { _, _ in
                    signal.yield()
                    for await _ in release { break }
                    return .completed(TaskResult("in time"))
                }
            ) { _ in
                _ = try scene.hand(["text": "dishes"])
                for await _ in began { break }
                await scene.bench.coordinator.requestStop()
                try await scene.standIn.wait { $0.connectedWorkers.isEmpty }
                #expect(scene.standIn.snapshot.tasks.first?.isFinal == false)
                // What the platform gets now waits there for the next coordinator.
                _ = try scene.hand(["text": "too late"])
                go.yield()
                return scene.standIn
            }
        }
        // The coordinator has left, and not before the platform had taken the end.
        #expect(standIn.snapshot.tasks.map(\.status) == ["completed", "pending"])
        #expect(standIn.snapshot.tasks.first?.result == "in time")
        #expect(standIn.snapshot.tasks.last?.deliveries.isEmpty == true)
        #expect(standIn.snapshot.statistics.faults == 3)
    }

    @Test func workThatDoesNotEndInTimeIsReportedAsAnErrorAndNeverAsCompleted() async throws {
        let (began, signal) = AsyncStream.makeStream(of: Void.self)
        let (release, go) = AsyncStream.makeStream(of: Void.self)
        let standIn = try await PlatformScene.run(drainDeadline: .milliseconds(300)) { scene in
            try await scene.bench.withWorker(
                "one",
                handler: { _, _ in
                    signal.yield()
                    for await _ in release { break }
                    return .completed(TaskResult("too late"))
                }
            ) { _ in
                _ = try scene.hand(["text": "dishes"])
                for await _ in began { break }
                await scene.bench.coordinator.requestStop()
                try await scene.standIn.wait { $0.isEveryTaskFinal }
                go.yield()
                return scene.standIn
            }
        }
        let task = try #require(standIn.snapshot.tasks.first)
        #expect(task.updates.map(\.status) == ["executing", "error"])
        #expect(task.result?.contains("stopped before the task had ended") == true)
    }
}
