// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// When things are due that happen at a fixed rate.
struct BenchSchedule {
    private let start = BenchClock.now
    private let interval: Double

    /// Begins now.
    ///
    /// - Parameter rate: How many a second.
    init(rate: Double) {
        self.interval = 1e9 / rate
    }

    /// When one of them is due.
    func time(of index: Int) -> UInt64 {
        self.start &+ (UInt64(exactly: (Double(index) * self.interval).rounded()) ?? 0)
    }
}
