// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking
import Testing
import WeftBus
import WeftProtocol
import WeftTestKit
import WeftValue
import ZeroMQ

@testable import Weft

/// A ledger whose disk takes its time, without ever saying no.
struct SlowLedgerTests {
    @Test func pingsDoNotWaitForAWrite() async throws {
        let ledger = HeldLedger()
        var configuration = CoordinatorConfiguration()
        configuration.dispatcher.heartbeat = .milliseconds(100)
        try await TaskBench.run(ledger: ledger, configuration: configuration) { bench in
            let worker = NodeID.random()
            let pull = try Stranger.bound(.pull)
            let push = try Stranger.connected(.push, to: bench.sink)
            let registration = WorkerRegistration(name: "w", slots: 1, endpoint: pull.address, session: 1)
            push.send(TaskFrame.encode(.register(registration), from: worker))
            @Sendable func pings(_ messages: [Message]) -> Int {
                messages.count { message in
                    guard let (said, _, _) = try? TaskFrame.decodeCoordinatorMessage(message.first[...]) else {
                        return false
                    }
                    if case .ping = said { return true }
                    return false
                }
            }
            try await pull.received.wait { pings($0) > 0 }
            ledger.hold()
            async let state = bench.coordinator.submit(TaskSubmission(id: "a", payload: .null))
            try await ledger.gate.arrivals()
            let before = pings(pull.received.elements)
            try await pull.received.wait(within: .seconds(20)) { pings($0) >= before + 5 }
            ledger.gate.open()
            #expect(try await state == .queued)
            await push.close()
            await pull.close()
        }
    }

    @Test func whatIsBeingWrittenIsWrittenBeforeTheCoordinatorLeaves() async throws {
        let ledger = HeldLedger()
        try await TaskBench.run(ledger: ledger) { bench in
            let handler = Gate("the handler")
            try await bench.withWorker(
                "one",
                handler: { _, _ in
                    try? await handler.pass()
                    return .completed(TaskResult("done"))
                }
            ) { _ in
                _ = try await bench.coordinator.submit(TaskSubmission(id: "a", payload: .null))
                try await handler.arrivals()
                ledger.hold()
                handler.open()
                try await ledger.gate.arrivals()
                await bench.coordinator.requestStop()
                _ = await bench.coordinator.waitUntil(within: .seconds(20)) { $0.phase != .running }
                #expect(await bench.coordinator.phase == .draining)
                ledger.gate.open()
            }
        }
        #expect(try await ledger.task("a")?.status.state == .completed)
    }

    @Test func whoIsLeftWithoutAnAnswerIsToldThatItIsOpen() async throws {
        let ledger = HeldLedger()
        var configuration = CoordinatorConfiguration()
        configuration.drainDeadline = .milliseconds(100)
        configuration.flushDeadline = .milliseconds(100)
        try await TaskBench.run(ledger: ledger, configuration: configuration) { bench in
            ledger.hold()
            let submission = Task { try await bench.coordinator.submit(TaskSubmission(id: "a", payload: .null)) }
            try await ledger.gate.arrivals()
            await bench.coordinator.requestStop()
            let refusal = await #expect(throws: TaskRefusal.self) { try await submission.value }
            #expect(refusal?.code == .undecided)
        }
    }
}

/// A ledger in memory whose writes can be held back.
private final class HeldLedger: Ledger {
    let isDurable = true
    let gate = Gate("the ledger")
    private let inner = InMemoryLedger()
    private let isHeld = Locked(false)

    /// Lets the next writes wait at the gate.
    func hold() {
        self.isHeld.withLock { $0 = true }
    }

    func open() async throws -> LedgerState { try await self.inner.open() }

    func write(_ changes: [LedgerChange], epoch: TaskEpoch) async throws {
        if self.isHeld.withLock({ $0 }) { try await self.gate.pass() }
        try await self.inner.write(changes, epoch: epoch)
    }

    func task(_ id: String) async throws -> TaskRecord? { try await self.inner.task(id) }

    func tasks(matching filter: TaskFilter) async throws -> LedgerPage { try await self.inner.tasks(matching: filter) }

    func counts() async throws -> [TaskState: Int] { try await self.inner.counts() }

    func close() async {}
}
