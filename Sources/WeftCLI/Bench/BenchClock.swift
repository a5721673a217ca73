// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The machine's monotonic clock, whose times several processes can compare.
enum BenchClock {
    /// Nanoseconds since the machine started.
    static var now: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(clamping: time.tv_sec) &* 1_000_000_000 &+ UInt64(clamping: time.tv_nsec)
    }

    /// Blocks the thread until a time: a schedule is to be met as well as a thread can, which a task's sleep is not made for.
    static func sleep(until time: UInt64) {
        let now = Self.now
        guard time > now else { return }
        var rest = timespec(
            tv_sec: time_t((time - now) / 1_000_000_000), tv_nsec: Int((time - now) % 1_000_000_000))
        nanosleep(&rest, nil)
    }
}
