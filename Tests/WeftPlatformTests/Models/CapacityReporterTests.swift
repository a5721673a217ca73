// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing

@testable import WeftPlatform

struct CapacityReporterTests {
    let start = ContinuousClock.now

    @Test func onlyChangesAreSentAndOneAtATime() {
        var reporter = CapacityReporter()
        reporter.set(isBusy: true)
        #expect(reporter.next(at: self.start) == .idle)
        reporter.registered("w", countsAsBusy: false)
        #expect(reporter.next(at: self.start) == .send(workerID: "w", isBusy: true))
        reporter.set(isBusy: false)
        #expect(reporter.next(at: self.start) == .idle)
        reporter.set(isBusy: true)
        reporter.answered(isTold: true, at: self.start)
        #expect(reporter.next(at: self.start) == .idle)
        reporter.set(isBusy: false)
        #expect(reporter.next(at: self.start) == .send(workerID: "w", isBusy: false))
    }

    @Test func aFreshWorkerCountsAsFree() {
        var reporter = CapacityReporter()
        reporter.registered("w", countsAsBusy: false)
        #expect(reporter.next(at: self.start) == .idle)
        reporter.set(isBusy: false)
        #expect(reporter.next(at: self.start) == .idle)
    }

    @Test func busyIsSaidAgainAfterAReconnection() {
        var reporter = CapacityReporter()
        reporter.registered("one", countsAsBusy: false)
        reporter.set(isBusy: true)
        #expect(reporter.next(at: self.start) == .send(workerID: "one", isBusy: true))
        reporter.disconnected()
        reporter.registered("two", countsAsBusy: false)
        #expect(reporter.next(at: self.start) == .idle)
        reporter.answered(isTold: true, at: self.start)
        #expect(reporter.next(at: self.start) == .send(workerID: "two", isBusy: true))
    }

    @Test func aLostMessageIsRepeatedAfterGrowingPauses() {
        var reporter = CapacityReporter()
        reporter.registered("w", countsAsBusy: false)
        reporter.set(isBusy: true)
        var now = self.start
        var pauses: [Duration] = []
        for _ in 0..<7 {
            #expect(reporter.next(at: now) == .send(workerID: "w", isBusy: true))
            reporter.answered(isTold: false, at: now)
            guard case .wait(let instant) = reporter.next(at: now) else {
                Issue.record("it does not wait")
                return
            }
            pauses.append(instant - now)
            now = instant
        }
        #expect(pauses == [0.5, 1, 2, 4, 8, 10, 10].map { .seconds($0) })
    }

    @Test func afterALostMessageTheOppositeIsSentToo() {
        // The lost "busy" may have arrived, so "free" has to be said although it is what was known before.
        var reporter = CapacityReporter()
        reporter.registered("w", countsAsBusy: false)
        reporter.set(isBusy: true)
        _ = reporter.next(at: self.start)
        reporter.answered(isTold: false, at: self.start)
        reporter.set(isBusy: false)
        #expect(reporter.next(at: self.start + .seconds(1)) == .send(workerID: "w", isBusy: false))
    }
}
