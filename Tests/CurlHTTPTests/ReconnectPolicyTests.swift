// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import CurlHTTP
import Testing

struct ReconnectPolicyTests {
    /// Always the same number, so that the random part is all or nothing (1 is nothing: a constant 0 would be
    /// drawn again for ever).
    private struct Constant: RandomNumberGenerator {
        let value: UInt64
        mutating func next() -> UInt64 { self.value }
    }

    private func pause(
        _ policy: ReconnectPolicy, failures: Int, isRefused: Bool = false, floor: Duration? = nil, random: UInt64 = 1
    ) -> Duration {
        var generator = Constant(value: random)
        return policy.pause(afterFailures: failures, isRefused: isRefused, floor: floor, using: &generator)
    }

    @Test func pausesGrowUpToTheCeiling() {
        let policy = ReconnectPolicy(firstPause: .seconds(1), growth: 2, longestPause: .seconds(10), jitter: 0)
        let pauses = (1...6).map { self.pause(policy, failures: $0) }
        #expect(pauses == [1, 2, 4, 8, 10, 10].map { .seconds($0) })
    }

    @Test func aRefusalWaitsLonger() {
        let policy = ReconnectPolicy(jitter: 0, refusedPause: .seconds(30), longestRefusedPause: .seconds(100))
        let pauses = (1...4).map { self.pause(policy, failures: $0, isRefused: true) }
        #expect(pauses == [30, 60, 100, 100].map { .seconds($0) })
    }

    @Test func jitterTakesAwayItsPartAtMost() {
        let policy = ReconnectPolicy(firstPause: .seconds(8), longestPause: .seconds(8), jitter: 0.25)
        #expect(self.pause(policy, failures: 1, random: 1) == .seconds(8))
        let shortest = self.pause(policy, failures: 1, random: .max)
        #expect(shortest >= .seconds(6) && shortest < .milliseconds(6001))
        var generator = SystemRandomNumberGenerator()
        var seen: Set<Duration> = []
        for _ in 0..<100 {
            let pause = policy.pause(afterFailures: 1, using: &generator)
            #expect(pause >= .seconds(6) && pause <= .seconds(8))
            seen.insert(pause)
        }
        #expect(seen.count > 50)
    }

    @Test func whatTheServerAsksForIsAFloorWithJitterOnTop() {
        let policy = ReconnectPolicy(firstPause: .seconds(1), jitter: 0.5)
        #expect(self.pause(policy, failures: 1, floor: .seconds(20), random: 1) == .seconds(20))
        let longest = self.pause(policy, failures: 1, floor: .seconds(20), random: .max)
        #expect(longest > .seconds(20) && longest <= .milliseconds(20_500))
        #expect(self.pause(policy, failures: 5, floor: .seconds(2), random: 1) == .seconds(16))
    }

    @Test func aServerCannotAskForEver() {
        let policy = ReconnectPolicy(jitter: 0, longestServerPause: .seconds(60))
        #expect(self.pause(policy, failures: 1, floor: .seconds(Int64.max)) == .seconds(60))
    }

    @Test func noSettingAndNoCountTraps() {
        for growth in [-1, 0, 1, .infinity, .nan, 1e300] {
            for jitter in [-1, 2, .nan, .infinity, 0.5] {
                for longest in [Duration.seconds(-5), .zero, .seconds(30), .seconds(Int64.max)] {
                    let policy = ReconnectPolicy(
                        firstPause: longest, growth: growth, longestPause: longest, jitter: jitter,
                        longestServerPause: longest)
                    for failures in [Int.min, -1, 0, 1, 1_000_000] {
                        let pause = self.pause(policy, failures: failures, floor: longest, random: .max)
                        #expect(pause >= .zero && pause <= .seconds(2 * 365 * 86_400))
                    }
                }
            }
        }
    }
}
