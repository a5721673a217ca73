// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The system's monotonic clock, in nanoseconds.
enum MonotonicClock {
    static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(clamping: time.tv_sec) &* 1_000_000_000 &+ UInt64(clamping: time.tv_nsec)
    }

    /// The moment `duration` from now, or the end of time.
    static func deadline(after duration: Duration) -> UInt64 {
        let (sum, overflow) = MonotonicClock.now().addingReportingOverflow(duration.nanosecondsClamped)
        return overflow ? .max : sum
    }
}
