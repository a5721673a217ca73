// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing

@testable import WeftPlatform

struct HeartbeatScheduleTests {
    let start = ContinuousClock.now

    @Test func theFirstIsDueAtOnceAndTheNextAfterTheAnswer() {
        var schedule = HeartbeatSchedule(interval: .seconds(2))
        #expect(schedule.next(at: self.start) == .idle)
        schedule.registered("w", at: self.start)
        #expect(schedule.next(at: self.start) == .send(workerID: "w"))
        #expect(schedule.next(at: self.start + .seconds(60)) == .idle)
        schedule.answered("w", isAccepted: true, at: self.start + .seconds(5))
        #expect(schedule.next(at: self.start + .seconds(6)) == .wait(until: self.start + .seconds(7)))
        #expect(schedule.next(at: self.start + .seconds(7)) == .send(workerID: "w"))
    }

    @Test func aReplacedWorkerSendsNothingMore() {
        var schedule = HeartbeatSchedule(interval: .seconds(2))
        schedule.registered("old", at: self.start)
        #expect(schedule.next(at: self.start) == .send(workerID: "old"))
        schedule.disconnected()
        #expect(schedule.next(at: self.start + .seconds(9)) == .idle)
        schedule.registered("new", at: self.start + .seconds(9))
        schedule.answered("old", isAccepted: true, at: self.start + .seconds(9))
        #expect(schedule.next(at: self.start + .seconds(9)) == .send(workerID: "new"))
    }

    @Test func failuresNeverStopIt() {
        var schedule = HeartbeatSchedule(interval: .seconds(2))
        schedule.registered("w", at: self.start)
        for step in 0..<100 {
            let now = self.start + .seconds(2 * step)
            #expect(schedule.next(at: now) == .send(workerID: "w"))
            schedule.answered("w", isAccepted: false, at: now)
        }
    }

    @Test func aForgottenWorkerOpensItsStreamAgainOnce() {
        var schedule = HeartbeatSchedule(interval: .seconds(2))
        schedule.registered("w", at: self.start)
        #expect(schedule.next(at: self.start) == .send(workerID: "w"))
        schedule.forgotten("w", at: self.start)
        schedule.forgotten("w", at: self.start)
        #expect(schedule.next(at: self.start) == .reopen)
        #expect(schedule.next(at: self.start) == .idle)
    }

    @Test func aPlatformThatForgetsEveryWorkerIsNotHammered() {
        var schedule = HeartbeatSchedule(interval: .seconds(2))
        var pauses: [Duration] = []
        for number in 0..<9 {
            schedule.registered("w\(number)", at: self.start)
            #expect(schedule.next(at: self.start) == .send(workerID: "w\(number)"))
            schedule.forgotten("w\(number)", at: self.start)
            switch schedule.next(at: self.start) {
            case .wait(let instant): pauses.append(instant - self.start)
            case .reopen: pauses.append(.zero)
            default: Issue.record("nothing is due")
            }
        }
        #expect(pauses == [0, 2, 4, 8, 16, 32, 60, 60, 60].map { .seconds($0) })
        schedule.registered("good", at: self.start)
        _ = schedule.next(at: self.start)
        schedule.answered("good", isAccepted: true, at: self.start)
        schedule.forgotten("good", at: self.start)
        #expect(schedule.next(at: self.start) == .reopen)
    }
}
