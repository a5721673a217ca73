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
    /// How far the stream was known to go, and since when: one hole after another is not waited for anew.
    private var looks: [Look]
    /// Who has said that it does not hold the first one.
    var lacking: Set<NodeID> = []
    /// The question that is on its way.
    var asked: Question?
    /// Questions that were no longer waited for, the newest last: what they asked for is as good late.
    private(set) var overdue: [Question] = []
    /// How long an answer is waited for.
    private(set) var patience = MeshDefaults.repairTimeout
    /// When the next one may be asked.
    var nextTry: MonotonicTime
    /// Who did not answer the last one.
    var unanswered: NodeID?

    private struct Look {
        let through: UInt64
        let since: MonotonicTime
    }

    struct Question {
        var number: UInt64
        /// The first event that it asks for.
        var first: UInt64
        var holder: NodeID
        var askedAt: MonotonicTime
        var deadline: MonotonicTime
    }

    /// The question that is on its way is no longer waited for, and the next one longer.
    mutating func stopWaiting() {
        guard let asked = self.asked else { return }
        self.asked = nil
        self.unanswered = asked.holder
        self.overdue = self.overdue.suffix(MeshDefaults.overdueFetches - 1) + [asked]
        self.patience = min(self.patience * 2, MeshDefaults.longestRepairTimeout)
    }

    /// The link over which a member was asked is gone, and the question with it: it is asked again, whoever is next.
    mutating func lostLink(to holder: NodeID) {
        guard let asked = self.asked, asked.holder == holder else { return }
        self.asked = nil
        self.overdue = self.overdue.suffix(MeshDefaults.overdueFetches - 1) + [asked]
        self.patience = MeshDefaults.repairTimeout
    }

    /// An answer came.
    ///
    /// - Returns: the question; nil when there was none.
    mutating func answered(_ number: UInt64, by holder: NodeID, at now: MonotonicTime) -> Question? {
        func isIt(_ question: Question) -> Bool { question.number == number && question.holder == holder }
        var question: Question?
        if let asked = self.asked, isIt(asked) {
            question = asked
            self.asked = nil
            self.unanswered = nil
        } else if let index = self.overdue.firstIndex(where: isIt) {
            question = self.overdue.remove(at: index)
        }
        guard let question else { return nil }
        // As long again as this one took, and some more.
        self.patience = min(
            max((now - question.askedAt) * 2, MeshDefaults.repairTimeout), MeshDefaults.longestRepairTimeout)
        return question
    }

    /// Notes how far the stream is known to go.
    ///
    /// - Parameter limit: What has been so for longer need not be told apart.
    mutating func look(through sequence: UInt64, limit: Duration, at now: MonotonicTime) {
        if let last = self.looks.last {
            guard sequence > last.through, now - last.since >= MeshDefaults.tickInterval else { return }
        }
        self.looks.append(Look(through: sequence, since: now))
        while self.looks.count > 1, now - self.looks[1].since >= limit { self.looks.removeFirst() }
    }

    /// The search for what is missing now, after that for what was missing before.
    func next(first: UInt64, at now: MonotonicTime) -> Repair {
        var next = Repair(first: first, through: first, at: now)
        next.looks = self.looks
        // It has been missing for as long as what is behind it has been known.
        if let look = self.looks.first(where: { $0.through >= first }) { next.since = look.since }
        next.brokenSince = self.brokenSince
        next.asked = self.asked
        next.overdue = self.overdue
        next.patience = self.patience
        return next
    }

    /// Begins a search.
    ///
    /// - Parameter through: How far the stream is known to go.
    init(first: UInt64, through: UInt64, at now: MonotonicTime) {
        self.first = first
        self.since = now
        self.brokenSince = now
        self.looks = [Look(through: through, since: now)]
        self.nextTry = now
    }
}
