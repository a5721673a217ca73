// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// One change to the ledger.
public enum LedgerChange: Hashable, Sendable {
    /// A task was accepted.
    case accepted(TaskRecord)
    /// A task's status changed.
    indirect case status(id: String, LedgerStatus)
    /// Something is to be reported to the platform.
    indirect case report(ReportItem)
    /// A report was taken, or clearly refused.
    case reported(id: String)
    /// A finished task is no longer kept.
    case removed(id: String)

    /// Whether the change must survive the machine's failure (T1): what others were told, or will be.
    ///
    /// Leases and starts need not: losing one costs another attempt, and fencing keeps that harmless. Nor need the report of a start;
    /// but that it was taken must be known for good before the end is sent, or a later coordinator would say it after the end.
    public var mustBeDurable: Bool {
        switch self {
        case .accepted: true
        case .report(let item): item.isFinal
        case .status(_, let status): status.state.isFinal || status.state == .retrying || status.cancelReason != nil
        case .reported(let id): ReportItem.isBeginning(id)
        case .removed: false
        }
    }

    /// The status that the change leaves its task with; nil for changes that are not about one.
    package var status: LedgerStatus? {
        get {
            switch self {
            case .accepted(let record): record.status
            case .status(_, let status): status
            case .report, .reported, .removed: nil
            }
        }
        set {
            guard let newValue else { return }
            switch self {
            case .accepted(var record):
                record.status = newValue
                self = .accepted(record)
            case .status(let id, _):
                self = .status(id: id, newValue)
            case .report, .reported, .removed:
                break
            }
        }
    }
}
