// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials

/// One moment on both clocks: the one that never jumps, for waiting, and the wall clock, for what people read.
public struct Moment: Hashable, Sendable {
    /// The moment on the clock that never jumps.
    public var monotonic: MonotonicTime
    /// The moment on the wall clock.
    public var date: Date

    /// Creates a moment.
    public init(monotonic: MonotonicTime, date: Date) {
        self.monotonic = monotonic
        self.date = date
    }

    /// A later moment on both clocks.
    public static func + (moment: Self, duration: Duration) -> Self {
        Self(monotonic: moment.monotonic + duration, date: moment.date.addingTimeInterval(duration.inSeconds))
    }
}

extension Duration {
    /// The duration in seconds.
    package var inSeconds: Double {
        let (seconds, attoseconds) = self.components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}
