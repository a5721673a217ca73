// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Pauses between attempts that double up to a limit, each shortened by up to a quarter at random, so that those who
/// began together don't go on together.
struct Backoff {
    private var attempts = 0

    /// The next pause.
    mutating func next(using random: inout SplitMix64) -> Duration {
        // Doubled no further than the limit needs, so that it never overflows.
        let pause = min(MeshDefaults.redialInterval * (1 << self.attempts), MeshDefaults.longestRedialInterval)
        if pause < MeshDefaults.longestRedialInterval { self.attempts += 1 }
        return pause * Double.random(in: 0.75...1, using: &random)
    }
}
