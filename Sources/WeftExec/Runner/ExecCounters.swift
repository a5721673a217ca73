// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// What programs have written to descriptor 3.
public struct ExecCounters: Hashable, Sendable {
    /// Lines of progress.
    public var progressLines = 0
    /// Lines that gave way to a newer one.
    public var progressCoalesced = 0
    /// Lines longer than allowed, which were dropped.
    public var progressTooLong = 0

    /// Creates counters at zero.
    public init() {}

    static func += (left: inout Self, right: Self) {
        left.progressLines += right.progressLines
        left.progressCoalesced += right.progressCoalesced
        left.progressTooLong += right.progressTooLong
    }
}
