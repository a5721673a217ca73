// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftBus

/// The search for one stream's missing events.
struct Repair {
    /// The first event that is missing.
    var first: UInt64
    /// Since when that has been so.
    var since: MonotonicTime
    /// Since when something has been missing without a break.
    var brokenSince: MonotonicTime
    /// Who has said that it does not hold the first one.
    var lacking: Set<NodeID> = []
    /// The question that is on its way.
    var asked: Question?
    /// When the next one may be asked.
    var nextTry: MonotonicTime
    /// Who did not answer the last one.
    var unanswered: NodeID?

    struct Question {
        var number: UInt64
        /// The first event that it asks for.
        var first: UInt64
        var holder: NodeID
        var deadline: MonotonicTime
    }

    /// The search for what is missing now, after that for what was missing before.
    func next(first: UInt64, at now: MonotonicTime) -> Repair {
        var next = Repair(first: first, at: now)
        next.brokenSince = self.brokenSince
        next.asked = self.asked
        return next
    }

    init(first: UInt64, at now: MonotonicTime) {
        self.first = first
        self.since = now
        self.brokenSince = now
        self.nextTry = now
    }
}
