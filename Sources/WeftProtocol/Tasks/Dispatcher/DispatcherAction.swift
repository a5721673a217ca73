// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftBus

/// What the coordinator's shell must do next.
///
/// A step's actions come in the order of these cases, and the shell performs them in that order: nobody is told anything
/// before the ledger has it.
public enum DispatcherAction: Hashable, Sendable {
    /// Write to the ledger, and go on when it is written.
    case persist([LedgerChange])
    /// Open a dispatch link to a worker.
    case connect(NodeID, endpoint: String)
    /// Send to a worker.
    case send(NodeID, CoordinatorMessage)
    /// Throw away a worker's dispatch link with everything that waits in it.
    case disconnect(NodeID)
    /// Take out of the outbox to the platform what is no longer true.
    case withdraw(taskID: String, reportID: String)
    /// Put into the outbox to the platform.
    case report(ReportItem)
    /// Tell the platform whether an agent's workers are busy.
    case capacity(agentID: String, isBusy: Bool)
    /// Tell whoever listens on this node.
    case announce(TaskEvent)
}
