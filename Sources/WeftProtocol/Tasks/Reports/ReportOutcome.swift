// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// How the sending of a report went.
public enum ReportOutcome: Hashable, Sendable {
    /// The platform took it.
    case taken
    /// The platform clearly refused it, and would again.
    case refused(String)
    /// It did not get through; trying again may help.
    ///
    /// - Parameters:
    ///   - reason: What went wrong.
    ///   - pause: How long the platform asks us to wait; nil when it does not say.
    case failed(String, pause: Duration?)
    /// A later report says more.
    case overtaken
}
