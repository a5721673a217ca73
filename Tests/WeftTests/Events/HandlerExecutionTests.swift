// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import Locking
import Testing
import WeftTestKit

@testable import Weft

struct HandlerExecutionTests {
    private static let request = TaskRequest(
        id: "t-1", source: .platform, payload: ["id": "t-1", "input": ["text": "x"]])

    private func registry(threads: Int = 2, _ handler: OnTask) throws -> HandlerRegistry {
        try HandlerRegistry(
            handlers: [handler.handler], defaultAgentID: nil, syncWorkers: SyncWorkers(count: threads))
    }

    private func run(_ registry: HandlerRegistry, deadline: Date? = nil) async -> TaskOutcome {
        var request = Self.request
        request.deadline = deadline
        return await registry.run(request, context: TaskContext(request: request))
    }

    @Test func synchronousHandlerMayBlockWhileEveryCooperativeThreadIsNeeded() async throws {
        // Many more blocked handlers than this machine has processors, and the opener runs on the cooperative pool.
        let open = DispatchSemaphore(value: 0)
        let arrived = Collector<Int>("blocked handlers")
        let registry = try self.registry(
            threads: 16,
            OnTask { _ in
                arrived.append(1)
                return open.wait(timeout: .now() + 20) == .success ? "opened" : "stuck"
            })
        try await withThrowingTaskGroup(of: TaskOutcome.self) { group in
            for _ in 0..<16 { group.addTask { await self.run(registry) } }
            _ = try await arrived.prefix(16)
            for _ in 0..<16 { open.signal() }
            for try await outcome in group { #expect(outcome == .completed(TaskResult("opened"))) }
        }
    }

    @Test func noMoreSynchronousHandlersRunAtOnceThanThereAreThreads() async throws {
        let state = Locked((now: 0, most: 0))
        let first = DispatchSemaphore(value: 0)
        let arrived = Collector<Int>("handlers")
        let registry = try self.registry(
            threads: 2,
            OnTask { _ in
                state.withLock {
                    $0.now += 1
                    $0.most = max($0.most, $0.now)
                }
                arrived.append(1)
                _ = first.wait(timeout: .now() + 20)
                state.withLock { $0.now -= 1 }
            })
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { _ = await self.run(registry) } }
            _ = try await arrived.prefix(2)
            for _ in 0..<8 { first.signal() }
            try await group.waitForAll()
        }
        #expect(arrived.count == 8)
        #expect(state.withLock { $0.most } == 2)
    }

    @Test func taskCancelledWhileItWaitsForAThreadNeverRuns() async throws {
        let open = DispatchSemaphore(value: 0)
        let ran = Collector<String>("runs")
        let workers = SyncWorkers(count: 1)
        let blocker = Task {
            try await workers.run {
                ran.append("first")
                _ = open.wait(timeout: .now() + 20)
            }
        }
        _ = try await ran.prefix(1)
        let waiting = Task { try await workers.run { ran.append("second") } }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        open.signal()
        try await blocker.value
        #expect(ran.elements == ["first"])
    }

    @Test func synchronousHandlerSeesThatItIsCancelled() async throws {
        let arrived = Expectation<Void>("handler to run")
        let open = DispatchSemaphore(value: 0)
        let registry = try self.registry(
            OnTask { task in
                arrived.fulfil()
                _ = open.wait(timeout: .now() + 20)
                return task.isCancelled ? "saw it" : "saw nothing"
            })
        let run = Task { await self.run(registry) }
        _ = try await arrived.value()
        run.cancel()
        open.signal()
        // Whatever the handler returns, work cut short is not completed.
        guard case .cancelled = await run.value else {
            Issue.record("not cancelled")
            return
        }
    }

    @Test func cancelledAsynchronousHandlerIsReportedAsCancelled() async throws {
        let gate = Gate("the handler")
        let registry = try self.registry(
            OnTask { _ in
                try await gate.pass()
                return "late"
            })
        let run = Task { await self.run(registry) }
        try await gate.arrivals()
        run.cancel()
        guard case .cancelled = await run.value else {
            Issue.record("not cancelled")
            return
        }
    }

    @Test func handlerThatRunsOutOfItsOwnTimeFails() async throws {
        let registry = try self.registry(
            OnTask(options: TaskOptions(timeout: .milliseconds(20))) { _ in
                try await Gate("a gate that stays closed").pass()
                return "never"
            })
        guard case .failed(let failure) = await self.run(registry) else {
            Issue.record("it did not fail")
            return
        }
        #expect(failure.message.contains("time"))
    }

    @Test func deadlineOfTheAttemptEndsTheHandler() async throws {
        let registry = try self.registry(
            OnTask { _ in
                try await Gate("a gate that stays closed").pass()
                return "never"
            })
        guard case .failed = await self.run(registry, deadline: .now - 1) else {
            Issue.record("it did not fail")
            return
        }
    }

    @Test func deadlineFarAwayDoesNotTrap() async throws {
        let registry = try self.registry(OnTask { _ in "fine" })
        #expect(await self.run(registry, deadline: .distantFuture) == .completed(TaskResult("fine")))
        #expect(
            await self.run(registry, deadline: Date(timeIntervalSince1970: .infinity))
                == .completed(TaskResult("fine")))
    }

    @Test func handlerDeclaredOnAnActorRunsThere() async throws {
        let counter = HandlerCounter()
        let registry = try self.registry(OnTask { await counter.handle($0) })
        #expect(await self.run(registry) == .completed(TaskResult("1")))
        #expect(await self.run(registry) == .completed(TaskResult("2")))
    }

    @Test func progressReachesTheWorker() async throws {
        let progress = Collector<Value>("progress")
        let registry = try self.registry(OnTask { task in task.progress(["percent": 50]) })
        let context = TaskContext(request: Self.request) { progress.append($0) }
        _ = await registry.run(Self.request, context: context)
        #expect(progress.elements == [["percent": 50]])
    }
}

/// A handler with state of its own.
actor HandlerCounter {
    private var count = 0

    func handle(_ task: AgentTask) -> String {
        self.count += 1
        return "\(self.count)"
    }
}
