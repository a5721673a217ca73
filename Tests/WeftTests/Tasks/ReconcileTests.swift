// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import WeftPlatform
import WeftProtocol
import WeftServer
import WeftValue

@testable import Weft

/// The platform sends nothing twice (`--redeliver off`): what its stream loses, its list has.
@Suite(.timeLimit(.minutes(3)))
struct ReconcileTests {
    /// Another client of the agent gets the task, perhaps says that it works on it, and is never heard of again.
    private func lose(_ text: Value, isExecuting: Bool, _ scene: PlatformScene) async throws -> String {
        // Without a worker the coordinator says that it is busy, so the other one gets it.
        try await scene.standIn.wait { $0.connectedWorkers.first?.isBusy == true }
        let other = scene.client.connection(agentID: "agent")
        var id = ""
        for await element in other {
            if case .registered = element { id = try scene.hand(["text": text]) }
            guard case .task(let task) = element else { continue }
            #expect(task.id == id)
            break
        }
        if isExecuting { try await scene.client.update(id, .executing) }
        other.cancel()
        try await scene.standIn.wait { $0.connectedWorkers.count == 1 }
        return id
    }

    @Test(arguments: [false, true])
    func aTaskThatGotLostOnItsWayIsAdoptedAfterTheNextRegistration(isExecuting: Bool) async throws {
        let task = try await PlatformScene.run { scene in
            let id = try await self.lose("dishes", isExecuting: isExecuting, scene)
            return try await scene.bench.withWorker("one", handler: PlatformScene.echo) { _ in
                scene.standIn.inject(.dropStreams(agentID: nil, inMiddleOfEvent: false))
                try await scene.standIn.wait { $0.task(id)?.isFinal ?? false }
                #expect(await scene.bench.coordinator.status?.adopted == 1)
                return try #require(scene.standIn.snapshot.task(id))
            }
        }
        #expect(task.result == "did dishes")
        #expect(task.deliveries.count == 1)
        #expect(task.finalUpdates.count == 1)
    }

    @Test func aListThatCannotBeReadIsAskedForAgain() async throws {
        let task = try await PlatformScene.run { scene in
            let id = try await self.lose("dishes", isExecuting: false, scene)
            return try await scene.bench.withWorker("one", handler: PlatformScene.echo) { _ in
                scene.standIn.inject(.answer(status: 503, to: .history, count: 2))
                scene.standIn.inject(.drop(.read, count: 1))
                scene.standIn.inject(.dropStreams(agentID: nil, inMiddleOfEvent: false))
                try await scene.standIn.wait { $0.task(id)?.isFinal ?? false }
                return try #require(scene.standIn.snapshot.task(id))
            }
        }
        #expect(task.result == "did dishes")
    }

    @Test func anEndThatThePlatformDoesNotShowIsReportedAgain() async throws {
        let task = try await PlatformScene.run { scene in
            try await scene.bench.withWorker("one", handler: PlatformScene.echo) { worker in
                // Refused once for good, so nobody owes it any more.
                scene.standIn.inject(.answer(status: 400, to: .finalUpdate, count: 1))
                let id = try scene.hand(["text": "dishes"])
                #expect(await scene.isReported(refused: 1))
                #expect(scene.standIn.snapshot.task(id)?.status == "executing")
                scene.standIn.inject(.dropStreams(agentID: nil, inMiddleOfEvent: false))
                try await scene.standIn.wait { $0.task(id)?.isFinal ?? false }
                #expect(await worker.worker.counters.started == 1)
                return try #require(scene.standIn.snapshot.task(id))
            }
        }
        #expect(task.updates.map(\.status) == ["executing", "completed"])
    }

    @Test func aRunningTaskThatIsStoppedAtThePlatformIsCancelled() async throws {
        let (ended, end) = AsyncStream.makeStream(of: Bool.self)
        let task = try await PlatformScene.run(platformPoll: .milliseconds(100)) { scene in
            try await scene.bench.withWorker(
                "one",
                handler: { _, _ in
                    try? await Task.sleep(for: .seconds(50))
                    end.yield(Task.isCancelled)
                    return .completed(TaskResult("too late"))
                }
            ) { _ in
                let id = try scene.hand(["text": "dishes"])
                // The answer to this update no longer tells of it.
                try await scene.standIn.wait { $0.task(id)?.status == "executing" }
                #expect(await scene.bench.coordinator.waitUntil(within: .seconds(20)) { $0.outbox.isEmpty })
                try scene.standIn.stopTask(id)
                for await isCancelled in ended {
                    #expect(isCancelled)
                    break
                }
                let record = try await scene.bench.coordinator.outcome(of: id, within: .seconds(20))
                #expect(record?.status.state.isFinal == true)
                return try #require(scene.standIn.snapshot.task(id))
            }
        }
        #expect(task.status == "stopped")
    }

    @Test func aTaskWhoseJSONIsBrokenEndsInErrorInsteadOfBeingLost() async throws {
        let standIn = try await PlatformScene.run { scene in
            // Known to the platform, and never dealt as it should be.
            let id = try scene.hand(["text": "seen by nobody", "agent_id": "other"])
            scene.send(event: "agent-execution", data: "{\"id\": \"\(id)\", \"agent_id\": \"agent\", \"input\": {\"tex")
            try await scene.standIn.wait { $0.task(id)?.isFinal ?? false }
            return scene.standIn
        }
        #expect(standIn.snapshot.tasks.map(\.status) == ["error"])
        #expect(standIn.snapshot.tasks.first?.result?.contains("not JSON") == true)
    }
}
