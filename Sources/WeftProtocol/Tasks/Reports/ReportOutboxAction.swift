// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// What the shell around a ``ReportOutbox`` must do next.
public enum ReportOutboxAction: Hashable, Sendable {
    /// Send this to the platform, and say how it went.
    case send(ReportItem)
    /// Send the metrics of this, whose end the platform has taken, and say how it went.
    case sendMetrics(ReportItem)
    /// This needs no more sending: it was taken, refused for good, or overtaken.
    case settled(ReportItem, ReportOutcome)
}
