// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftBus

/// Emitting flat out, for a time or so many.
struct BenchFlood {
    var shape: BenchShape
    var size: Int
    var seconds: Double
    var count: Int?
    var isBlocking: Bool
    /// Between two looks at the clock.
    private static let run = 64

    /// Emits, and returns how many.
    func run(on bus: EventBus) async -> Int {
        if let count = self.count {
            await self.shape.emit(count, of: self.size, isBlocking: self.isBlocking, on: bus)
            return count
        }
        let end = ContinuousClock.now + .seconds(self.seconds)
        var sent = 0
        while ContinuousClock.now < end {
            await self.shape.emit(Self.run, of: self.size, isBlocking: self.isBlocking, on: bus)
            sent += Self.run
        }
        return sent
    }
}
