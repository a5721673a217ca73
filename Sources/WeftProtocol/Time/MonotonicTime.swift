// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// A point on a clock that never jumps, in nanoseconds since a start that only this process knows.
///
/// State machines are handed the time and never read a clock, so that a test can say what time it is.
public struct MonotonicTime: Hashable, Comparable, Sendable {
    /// Nanoseconds since the clock's own start.
    public var nanoseconds: UInt64

    /// Creates a time.
    ///
    /// - Parameter nanoseconds: Nanoseconds since the clock's own start.
    public init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    /// Whether the left time is earlier.
    public static func < (left: Self, right: Self) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// A later time (an earlier one for a negative duration); it stops at either end of the clock.
    public static func + (time: Self, duration: Duration) -> Self {
        let delta = duration.clampedNanoseconds
        let magnitude = delta.magnitude
        let (sum, overflow) =
            delta < 0
            ? time.nanoseconds.subtractingReportingOverflow(magnitude)
            : time.nanoseconds.addingReportingOverflow(magnitude)
        return Self(nanoseconds: overflow ? (delta < 0 ? 0 : .max) : sum)
    }

    /// How long it is from the right time to the left one, at most about 292 years.
    public static func - (left: Self, right: Self) -> Duration {
        left >= right
            ? .nanoseconds(Int64(clamping: left.nanoseconds - right.nanoseconds))
            : .nanoseconds(-Int64(clamping: right.nanoseconds - left.nanoseconds))
    }
}

extension Duration {
    /// The duration in whole nanoseconds, held within the range of `Int64`.
    package var clampedNanoseconds: Int64 {
        let (seconds, attoseconds) = self.components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        let (sum, sumOverflow) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
        return sumOverflow ? (seconds < 0 ? .min : .max) : sum
    }
}
