// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import DequeModule
import Logging
import WeftProtocol

/// Since when the ledger cannot be written, and why.
struct LedgerTrouble {
    let since: MonotonicTime
    var reason: String
}

// While the ledger cannot be written, nothing is said that depends on a write; whoever waits for one is answered in bounded time:
//
// - A task that has not reached the dispatcher is refused (`unavailable`): it is nowhere, and saying so is true.
// - A task that has reached it is part of a write that is tried until it succeeds, and may even have been written by an attempt whose
//   end failed. Whoever submitted it is told that this is open (`undecided`), never that the task is not there; submitting again
//   under the same id is harmless and answers the question.
extension Coordinator {
    /// Notes that a write failed; it will be tried again.
    func noteTrouble(_ error: LedgerError) {
        if self.ledgerTrouble == nil {
            self.ledgerTrouble = LedgerTrouble(since: .now, reason: error.description)
            self.logger.error("The ledger cannot be written; trying again", metadata: ["error": "\(error)"])
        } else {
            self.ledgerTrouble?.reason = error.description
        }
    }

    /// Notes that a write succeeded.
    func noteSuccess() {
        guard let trouble = self.ledgerTrouble else { return }
        self.ledgerTrouble = nil
        self.logger.notice(
            "The ledger can be written again", metadata: ["after": "\(MonotonicTime.now - trouble.since)"])
        self.checkConditions()
    }

    /// Waits a bounded time for the ledger to be writable.
    ///
    /// - Throws: ``TaskRefusal`` with code `unavailable` when it is not.
    func waitForLedger() async throws(TaskRefusal) {
        guard let trouble = self.ledgerTrouble else { return }
        // Those who come late in the trouble are not all made to wait.
        let patience = max(.zero, trouble.since + self.configuration.ledgerPatience - .now)
        if patience > .zero { _ = await self.waitUntil(within: patience) { $0.ledgerTrouble == nil } }
        guard let trouble = self.ledgerTrouble else { return }
        throw TaskRefusal(
            .unavailable,
            "The ledger cannot be written now, so nothing was accepted; try again later. \(trouble.reason)")
    }

    /// Whether the ledger could not be written for longer than anybody waits.
    var isTroubledForLong: Bool {
        guard let trouble = self.ledgerTrouble else { return false }
        return MonotonicTime.now - trouble.since >= self.configuration.ledgerPatience
    }

    /// Answers those who have waited for a write for too long.
    func expireAcceptances() {
        guard self.isTroubledForLong, let trouble = self.ledgerTrouble else { return }
        for batch in self.answering {
            batch.continuation.resume(
                throwing: TaskRefusal(
                    .undecided,
                    "The ledger cannot be written now, and whether these tasks were recorded is open; ask again with the same ids, which does no harm. \(trouble.reason)"
                ))
        }
        self.answering = []
        let waiting = self.acceptances
        self.acceptances = [:]
        for (id, continuations) in waiting {
            let refusal = TaskRefusal(
                .undecided,
                "The ledger cannot be written now, and whether this was recorded for \(id) is open; ask again with the same id, which does no harm. \(trouble.reason)"
            )
            for continuation in continuations { continuation.resume(throwing: refusal) }
        }
    }
}
