// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// A small random number generator that gives the same numbers for the same seed; not for keys.
///
/// State machines that need chance are given a seed, so that a run can be repeated.
public struct SplitMix64: RandomNumberGenerator, Hashable, Sendable {
    private var state: UInt64

    /// Creates a generator.
    ///
    /// - Parameter seed: The same seed gives the same numbers.
    public init(seed: UInt64) {
        self.state = seed
    }

    /// The next 64 random bits.
    public mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
