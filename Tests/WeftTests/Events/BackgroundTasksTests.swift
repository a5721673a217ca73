// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Logging
import Testing
import WeftTestKit

@testable import Weft

struct BackgroundTasksTests {
    private let tasks = BackgroundTasks(logger: Logger(label: "test"))

    @Test func drainWaitsForWhatMayFinish() async throws {
        let gate = Gate("the background task")
        let done = Expectation<Void>("the background task to end")
        #expect(
            self.tasks.add(atStop: .finish) {
                try await gate.pass()
                done.fulfil()
            })
        try await gate.arrivals()
        async let drained: Void = self.tasks.drain(within: .seconds(20))
        gate.open()
        await drained
        #expect(done.isFulfilled)
        #expect(self.tasks.count == 0)
    }

    @Test func drainCancelsLoopsAtOnce() async throws {
        let cancelled = Expectation<Void>("the loop to be cancelled")
        let gate = Gate("the loop")
        self.tasks.add(atStop: .cancel) {
            do {
                try await gate.pass(within: .seconds(3600))
            } catch {
                cancelled.fulfil()
            }
        }
        try await gate.arrivals()
        await self.tasks.drain(within: .seconds(3600))
        #expect(cancelled.isFulfilled)
    }

    @Test func drainCancelsWhatIsNotDoneInTime() async throws {
        let cancelled = Expectation<Void>("the task to be cancelled")
        let gate = Gate("the task")
        self.tasks.add(atStop: .finish) {
            do {
                try await gate.pass(within: .seconds(3600))
            } catch {
                cancelled.fulfil()
            }
        }
        try await gate.arrivals()
        await self.tasks.drain(within: .milliseconds(10))
        #expect(cancelled.isFulfilled)
    }

    @Test func nothingIsTakenOnceTheStopHasBegun() async {
        await self.tasks.drain(within: .zero)
        #expect(!self.tasks.add(atStop: .finish) {})
    }

    @Test func failedTaskEndsQuietly() async {
        struct Broken: Error {}
        self.tasks.add(atStop: .finish) { throw Broken() }
        await self.tasks.drain(within: .seconds(20))
        #expect(self.tasks.count == 0)
    }
}
