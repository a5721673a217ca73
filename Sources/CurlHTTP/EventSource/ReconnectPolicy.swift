// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// How long an event source waits before it connects again.
///
/// The n-th failure in a row waits `firstPause` × `growth`ⁿ⁻¹, at most `longestPause`, of which a random part of up to
/// `jitter` is taken away so that many clients do not come back in step. What the server asks for (`Retry-After`, or
/// the stream's `retry` field) is a floor: the random part then comes on top.
public struct ReconnectPolicy: Hashable, Sendable {
    /// The pause after the first failure.
    public var firstPause: Duration

    /// By what the pause grows with each further failure in a row; at least 1.
    public var growth: Double

    /// The longest pause that failures lead to.
    public var longestPause: Duration

    /// Which part of a pause is random, from 0 to 1.
    public var jitter: Double

    /// The pause after an answer that only an operator can change, such as 401 or 403; it grows likewise.
    public var refusedPause: Duration

    /// The longest pause after such answers.
    public var longestRefusedPause: Duration

    /// How much of what a server asks for is granted.
    public var longestServerPause: Duration

    /// Creates a policy.
    public init(
        firstPause: Duration = .seconds(1),
        growth: Double = 2,
        longestPause: Duration = .seconds(30),
        jitter: Double = 0.5,
        refusedPause: Duration = .seconds(30),
        longestRefusedPause: Duration = .seconds(300),
        longestServerPause: Duration = .seconds(600)
    ) {
        self.firstPause = firstPause
        self.growth = growth
        self.longestPause = longestPause
        self.jitter = jitter
        self.refusedPause = refusedPause
        self.longestRefusedPause = longestRefusedPause
        self.longestServerPause = longestServerPause
    }

    /// The pause after failures in a row.
    ///
    /// - Parameters:
    ///   - failures: How many there were, this one included.
    ///   - isRefused: The last one was an answer that only an operator can change.
    ///   - floor: What the server asks for.
    ///   - generator: The source of the random part.
    public func pause(
        afterFailures failures: Int,
        isRefused: Bool = false,
        floor: Duration? = nil,
        using generator: inout some RandomNumberGenerator
    ) -> Duration {
        let first = Self.bounded(isRefused ? self.refusedPause : self.firstPause)
        let longest = Self.bounded(isRefused ? self.longestRefusedPause : self.longestPause)
        let growth = self.growth.isFinite ? min(1000, max(1, self.growth)) : 1
        let jitter = self.jitter.isFinite ? min(1, max(0, self.jitter)) : 0
        var full = min(first, longest)
        // By steps and not by a power, so that nothing overflows however many failures there were.
        var remaining = max(1, failures) - 1
        while remaining > 0, full < longest, growth > 1, full > .zero {
            full = min(longest, full * growth)
            remaining -= 1
        }
        let random = min(full, full * (jitter * Double.random(in: 0...1, using: &generator)))
        let floor = min(Self.bounded(floor ?? .zero), Self.bounded(self.longestServerPause))
        return max(full - random, floor > .zero ? floor + random : .zero)
    }

    /// Settings may come from a file: whatever they are, the arithmetic stays within what a duration can hold.
    private static func bounded(_ pause: Duration) -> Duration {
        min(max(.zero, pause), .seconds(365 * 86_400))
    }
}
