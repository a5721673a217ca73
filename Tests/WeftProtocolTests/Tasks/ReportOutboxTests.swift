// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import WeftValue

@testable import WeftProtocol

struct ReportOutboxTests {
    private var outbox = ReportOutbox(
        pauses: RetryPolicy(backoff: .seconds(1), maximumBackoff: .seconds(8)), concurrency: 2, seed: 1)
    private var now = MonotonicTime(nanoseconds: 1 << 40)

    private func executing(_ id: String) -> ReportItem { ReportItem(taskID: id, agentID: "x", content: .executing) }

    private func final(_ id: String) -> ReportItem {
        ReportItem(
            taskID: id, agentID: "x",
            content: .final(status: "completed", result: "r", tokens: nil, usedTools: [], format: nil, task: nil))
    }

    @Test mutating func aReportIsSentAtOnceAndSettledWhenTaken() {
        #expect(self.outbox.add(self.final("a"), at: self.now) == [.send(self.final("a"))])
        #expect(self.outbox.sent(self.final("a"), .taken, at: self.now) == [.settled(self.final("a"), .taken)])
        #expect(self.outbox.isEmpty)
    }

    @Test mutating func theEndIsRepeatedWithGrowingPausesForAsLongAsItTakes() {
        _ = self.outbox.add(self.final("a"), at: self.now)
        for failure in 1...50 {
            #expect(self.outbox.sent(self.final("a"), .failed("503", pause: nil), at: self.now).isEmpty)
            self.now = self.now + .seconds(min(8, 1 << min(failure - 1, 3)))
            #expect(self.outbox.tick(at: self.now) == [.send(self.final("a"))])
        }
        #expect(self.outbox.counters.failures == 50)
    }

    @Test mutating func whatThePlatformAsksToWaitIsTheLeast() {
        _ = self.outbox.add(self.final("a"), at: self.now)
        _ = self.outbox.sent(self.final("a"), .failed("429", pause: .seconds(20)), at: self.now)
        #expect(self.outbox.tick(at: self.now + .seconds(19)).isEmpty)
        #expect(self.outbox.tick(at: self.now + .seconds(20)) == [.send(self.final("a"))])
    }

    @Test mutating func aClearRefusalSettlesIt() {
        _ = self.outbox.add(self.final("a"), at: self.now)
        let outcome = ReportOutcome.refused("404")
        #expect(self.outbox.sent(self.final("a"), outcome, at: self.now) == [.settled(self.final("a"), outcome)])
        #expect(self.outbox.isEmpty)
    }

    @Test mutating func theEndFollowsTheBeginningOnceTheLedgerHasForgottenThat() {
        _ = self.outbox.add(self.executing("a"), at: self.now)
        #expect(self.outbox.add(self.final("a"), at: self.now).isEmpty)
        #expect(
            self.outbox.sent(self.executing("a"), .taken, at: self.now) == [.settled(self.executing("a"), .taken)])
        // A coordinator that died now would say the beginning again, so the end has to wait.
        #expect(self.outbox.tick(at: self.now + .seconds(60)).isEmpty)
        #expect(self.outbox.release("a", at: self.now) == [.send(self.final("a"))])
        #expect(self.outbox.release("a", at: self.now).isEmpty)
        #expect(self.outbox.sent(self.final("a"), .taken, at: self.now) == [.settled(self.final("a"), .taken)])
        #expect(self.outbox.isEmpty)
    }

    @Test mutating func anEndThatComesWhileTheBeginningIsBeingForgottenWaits() {
        _ = self.outbox.add(self.executing("a"), at: self.now)
        _ = self.outbox.sent(self.executing("a"), .taken, at: self.now)
        #expect(self.outbox.add(self.final("a"), at: self.now).isEmpty)
        #expect(self.outbox.release("a", at: self.now) == [.send(self.final("a"))])
    }

    @Test mutating func aBeginningIsSaidBeforeTheEndAlsoWhenItDidNotGetThroughAtFirst() {
        _ = self.outbox.add(self.executing("a"), at: self.now)
        _ = self.outbox.sent(self.executing("a"), .failed("503", pause: nil), at: self.now)
        #expect(self.outbox.add(self.final("a"), at: self.now).allSatisfy { $0 == .send(self.executing("a")) })
        self.now = self.now + .seconds(10)
        _ = self.outbox.tick(at: self.now)
        _ = self.outbox.sent(self.executing("a"), .taken, at: self.now)
        #expect(self.outbox.release("a", at: self.now) == [.send(self.final("a"))])
    }

    @Test mutating func aBeginningThatNeverGetsThroughGivesWayToAKnownEnd() {
        _ = self.outbox.add(self.executing("a"), at: self.now)
        var actions = self.outbox.add(self.final("a"), at: self.now)
        for _ in 0..<TaskDefaults.executingReportAttempts {
            actions = self.outbox.sent(self.executing("a"), .failed("503", pause: nil), at: self.now)
            self.now = self.now + .seconds(10)
            _ = self.outbox.tick(at: self.now)
        }
        #expect(actions == [.settled(self.executing("a"), .overtaken)])
        #expect(self.outbox.release("a", at: self.now) == [.send(self.final("a"))])
        #expect(self.outbox.counters.dropped == 1)
    }

    @Test mutating func aBeginningIsRepeatedForAsLongAsTheTaskRuns() {
        _ = self.outbox.add(self.executing("a"), at: self.now)
        for _ in 0..<50 {
            _ = self.outbox.sent(self.executing("a"), .failed("503", pause: nil), at: self.now)
            self.now = self.now + .seconds(10)
            #expect(self.outbox.tick(at: self.now) == [.send(self.executing("a"))])
        }
    }

    @Test mutating func aBeginningThatComesAfterTheEndIsDropped() {
        _ = self.outbox.add(self.final("a"), at: self.now)
        #expect(self.outbox.add(self.executing("a"), at: self.now) == [.settled(self.executing("a"), .overtaken)])
    }

    @Test mutating func noMoreAreOnTheirWayThanAllowedAndTheOldestGoFirst() {
        var sent: [ReportItem] = []
        for id in ["a", "b", "c", "d"] {
            for case .send(let item) in self.outbox.add(self.final(id), at: self.now) { sent.append(item) }
        }
        #expect(sent.map(\.taskID) == ["a", "b"])
        #expect(self.outbox.sent(self.final("b"), .taken, at: self.now).last == .send(self.final("c")))
    }

    @Test mutating func theSameReportTwiceIsOne() {
        _ = self.outbox.add(self.final("a"), at: self.now)
        #expect(self.outbox.add(self.final("a"), at: self.now).isEmpty)
        #expect(self.outbox.count == 1)
    }

    @Test mutating func metricsFollowTheEndAndAreRepeatedUntilTheyAreTaken() {
        let item = ReportItem(
            taskID: "a", agentID: "x",
            content: .final(
                status: "completed", result: "r", tokens: ["prompt_tokens": 1], usedTools: [], format: nil,
                task: ["id": "a"]))
        #expect(self.outbox.add(item, at: self.now) == [.send(item)])
        #expect(self.outbox.sent(item, .taken, at: self.now) == [.sendMetrics(item)])
        #expect(self.outbox.sent(item, .failed("503", pause: nil), at: self.now).isEmpty)
        #expect(self.outbox.add(item, at: self.now).isEmpty)
        self.now = self.now + .seconds(1)
        #expect(self.outbox.tick(at: self.now) == [.sendMetrics(item)])
        #expect(self.outbox.sent(item, .taken, at: self.now) == [.settled(item, .taken)])
        #expect(self.outbox.isEmpty)
    }

    @Test mutating func anEndThatIsRefusedBringsNoMetrics() {
        let item = ReportItem(
            taskID: "a", agentID: "x",
            content: .final(status: "completed", result: "r", tokens: [:], usedTools: [], format: nil, task: [:]))
        _ = self.outbox.add(item, at: self.now)
        let outcome = ReportOutcome.refused("404")
        #expect(self.outbox.sent(item, outcome, at: self.now) == [.settled(item, outcome)])
    }

    @Test mutating func hurryingForgetsThePauses() {
        _ = self.outbox.add(self.final("a"), at: self.now)
        _ = self.outbox.sent(self.final("a"), .failed("503", pause: .seconds(600)), at: self.now)
        #expect(self.outbox.hurry(at: self.now) == [.send(self.final("a"))])
    }

    @Test mutating func whatIsWithdrawnIsNotSentAndNotRepeated() {
        let first = self.final("a")
        var second = first
        second.requeues = 1
        // On its way: its failure is not worth another attempt, and what follows is sent.
        _ = self.outbox.add(first, at: self.now)
        self.outbox.withdraw(taskID: "a", reportID: first.id)
        #expect(self.outbox.add(second, at: self.now).isEmpty)
        let actions = self.outbox.sent(first, .failed("503", pause: nil), at: self.now)
        #expect(actions == [.settled(first, .overtaken), .send(second)])
        // Waiting for its time: it is just gone.
        _ = self.outbox.sent(second, .failed("503", pause: nil), at: self.now)
        self.outbox.withdraw(taskID: "a", reportID: second.id)
        #expect(self.outbox.isEmpty)
        #expect(self.outbox.tick(at: self.now + .seconds(60)).isEmpty)
    }
}
