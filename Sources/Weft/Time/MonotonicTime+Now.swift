// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

package import WeftProtocol

extension MonotonicTime {
    private static let start = ContinuousClock.now

    /// The time by the system's monotonic clock, for handing to state machines.
    package static var now: MonotonicTime {
        // One second in, so that earlier times can be told, too.
        MonotonicTime(nanoseconds: 1_000_000_000) + (ContinuousClock.now - Self.start)
    }
}
