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
    /// Questions that were no longer waited for, the newest last: what they asked for is as good late.
    private(set) var overdue: [Question] = []
    /// How long an answer is waited for.
    private(set) var patience = MeshDefaults.repairTimeout
    /// When the next one may be asked.
    var nextTry: MonotonicTime
    /// Who did not answer the last one.
    var unanswered: NodeID?

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

    /// The search for what is missing now, after that for what was missing before.
    func next(first: UInt64, at now: MonotonicTime) -> Repair {
        var next = Repair(first: first, at: now)
        next.brokenSince = self.brokenSince
        next.asked = self.asked
        next.overdue = self.overdue
        next.patience = self.patience
        return next
    }

    init(first: UInt64, at now: MonotonicTime) {
        self.first = first
        self.since = now
        self.brokenSince = now
        self.nextTry = now
    }
}
