// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// A promise broken on purpose, by what stands between the machines and their world: each must be caught.
package enum SimulationMutant: String, CaseIterable, Sendable {
    /// The coordinator believes a result whichever attempt it is about, and whoever sends it.
    case fencingOff
    /// A dispatch leaves before its lease is in the ledger.
    case leaseWrittenAfterTheSend
    /// A restarted coordinator counts attempts from one too few.
    case attemptNumberReused
    /// A worker is told that its outcome is stored before it is.
    case resultAcknowledgedBeforeWritten
    /// What an older coordinator says is taken for the newest one's.
    case epochIgnored
    /// A requeued task begins again with attempt 1.
    case requeueResetsAttempt
    /// A restarted coordinator takes dead letters for queued tasks.
    case deadTaskDealtAgain
    /// A report that did not get through is not tried again.
    case outboxForgetsAfterTheFirstFailure
    /// A task that comes again is taken for a new one.
    case duplicateAcceptanceRunsTwice
    /// Workers are dealt more than they have room for.
    case creditIgnored
    /// A worker forgets an outcome once it is sent.
    case workerForgetsResultBeforeAcknowledgement
    /// Whoever submits is told that the task is accepted before it is in the ledger.
    case acceptanceAnsweredBeforeWritten
    /// A restarted coordinator has forgotten who asked for an end.
    case cancelForgotten
    /// The limits of queues and keys are not kept.
    case limitsIgnored
    /// Now and then a write says that it was done, and was not.
    case writeDropped
    /// A worker that answers pings is given up all the same when its connection closes for a moment.
    case closedLinkTakenForDeath
}
