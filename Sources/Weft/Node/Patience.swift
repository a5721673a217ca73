// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftProtocol

/// How long a full socket is waited for, and for how long nobody is waited for after that.
///
/// A peer that stands still uses the patience up at once. One that is only slow uses it up little by little: waiting comes
/// back at a small share of the time that passes, so a slow peer takes no more than this share of the others' time.
struct Patience {
    /// How long is waited before whoever is behind stays behind.
    let limit: Duration
    /// Whether every message that the socket takes brings all of the patience back.
    private let isRenewed: Bool
    private var spent: Duration = .zero
    /// Until when `spent` has been reckoned.
    private var reckoned = MonotonicTime(nanoseconds: 0)
    private var fullSince: MonotonicTime?
    private var restsUntil: MonotonicTime?
    private var rest = NodeDefaults.impatience

    /// Creates patience that is whole.
    init(waitForSlowest: Bool) {
        self.limit = waitForSlowest ? MeshDefaults.deadAfter : NodeDefaults.patience
        self.isRenewed = waitForSlowest
    }

    /// The socket is full.
    ///
    /// - Returns: Whether the patience is over: for a while nobody is waited for.
    mutating func isUsedUp(at now: MonotonicTime) -> Bool {
        if self.fullSince == nil {
            self.spent = max(.zero, self.spent - (now - self.reckoned) * NodeDefaults.patienceShare)
            self.fullSince = now
            self.reckoned = now
            // Who has not been left behind for long is as good as one who never was.
            if let restsUntil, now - restsUntil >= NodeDefaults.longestImpatience {
                self.rest = NodeDefaults.impatience
            }
        }
        guard self.spent + (now - self.reckoned) >= self.limit else { return false }
        self.spent = .zero
        self.fullSince = nil
        self.restsUntil = now + self.rest
        self.rest = min(self.rest * 2, NodeDefaults.longestImpatience)
        return true
    }

    /// The socket has taken a message.
    mutating func sent(at now: @autoclosure () -> MonotonicTime) {
        guard let since = self.fullSince else { return }
        let now = now()
        self.spent = self.isRenewed ? .zero : self.spent + (now - since)
        self.reckoned = now
        self.fullSince = nil
    }

    /// Whether nobody has been waited for and from now on they are again.
    func isRested(at now: MonotonicTime) -> Bool {
        self.restsUntil.map { now >= $0 } ?? true
    }
}
