// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftProtocol

/// A schedule written out: what happens when, and how the network and the nodes are.
///
/// Equal scripts are equal runs.
package struct ClusterScript: Hashable, Sendable {
    /// The seed from which it was made, and from which the network draws.
    package var seed: UInt64
    /// The steps, in order of time.
    package var steps: [ClusterStep]
    /// Frames of the event stream lost in a thousand, at any time.
    package var published = 0
    /// Control messages lost in a thousand, at any time.
    package var control = 0
    /// Messages that come twice, in a thousand.
    package var twice = 0
    /// Messages that overtake the one before them, in a thousand.
    package var overtaking = 0
    /// The slowest that a message usually is, in microseconds.
    package var latency: UInt64 = 2000
    /// Bytes that a node holds of its own stream.
    package var replayWindow = MeshDefaults.replayWindow
    /// Bytes that a node holds of the others' streams.
    package var receivedWindows = MeshDefaults.receivedWindows
    /// Bytes that may wait beyond holes.
    package var aheadBytes = MeshDefaults.aheadBytes
    /// Bytes sent for fetches between two ticks.
    package var repairBytesPerTick = MeshDefaults.repairBytesPerTick
    /// Frames that wait for one subscriber.
    package var highWaterMark = 64
    /// Deliveries that wait for the bus before a node stops reading.
    package var deliveryQueue = 64
    /// The seats whose nodes wait for their slowest peer, as a mask.
    package var waiting = 0
    /// Whether the nodes' clocks run at different speeds.
    package var hasSkew = false

    /// Writes a schedule for a seed.
    package init(seed: UInt64, settings: ClusterSettings = .init()) {
        self.seed = seed
        self.steps = []
        var random = SplitMix64(seed: seed &* 0x9E37_79B9 ^ 0xC1)
        self.drawWeather(using: &random)
        self.drawWork(settings, using: &random)
        self.drawFaults(settings, using: &random)
        self.sort()
    }

    /// A kind network without anything happening in it.
    init(calm seed: UInt64) {
        self.seed = seed
        self.steps = []
    }

    /// How many faults happen.
    package var faults: Int { self.steps.count { $0.action.isFault } }

    /// The script in words: what is not as usual, then the steps.
    package var lines: [String] {
        let calm = Self(calm: self.seed)
        let numbers: [(String, Int, Int)] = [
            ("published frames lost in a thousand", self.published, calm.published),
            ("control messages lost in a thousand", self.control, calm.control),
            ("messages twice in a thousand", self.twice, calm.twice),
            ("messages overtaking in a thousand", self.overtaking, calm.overtaking),
            ("latency in µs", Int(clamping: self.latency), Int(clamping: calm.latency)),
            ("replay window", self.replayWindow, calm.replayWindow),
            ("windows of others", self.receivedWindows, calm.receivedWindows),
            ("bytes ahead", self.aheadBytes, calm.aheadBytes),
            ("repair bytes a tick", self.repairBytesPerTick, calm.repairBytesPerTick),
            ("high-water mark", self.highWaterMark, calm.highWaterMark),
            ("delivery queue", self.deliveryQueue, calm.deliveryQueue),
            ("mask of those that wait for the slowest", self.waiting, calm.waiting),
        ]
        return ["seed \(self.seed)\(self.hasSkew ? ", clocks run apart" : "")"]
            + numbers.filter { $0.1 != $0.2 }.map { "\($0.0): \($0.1)" } + self.steps.map(\.description)
    }

    mutating func sort() {
        // By time, and where times are equal as they were drawn.
        self.steps = self.steps.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }
            .map(\.element)
    }

    private mutating func drawWeather(using random: inout SplitMix64) {
        func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }
        if chance(40) { self.published = [1, 5, 20, 50].randomElement(using: &random) ?? 1 }
        if chance(25) { self.control = [1, 5, 20].randomElement(using: &random) ?? 1 }
        if chance(30) { self.twice = [5, 20].randomElement(using: &random) ?? 5 }
        if chance(30) { self.overtaking = [1, 10].randomElement(using: &random) ?? 1 }
        self.latency = [500, 3000, 25_000, 120_000].randomElement(using: &random) ?? 3000
        // Where little is held, gaps come.
        let isSparing = chance(20)
        if isSparing || chance(20) { self.replayWindow = [400, 1500, 6000].randomElement(using: &random) ?? 6000 }
        if isSparing || chance(20) {
            self.receivedWindows = [700, 2500, 12_000].randomElement(using: &random) ?? 12_000
        }
        if chance(25) { self.aheadBytes = [300, 4000].randomElement(using: &random) ?? 4000 }
        if chance(25) { self.repairBytesPerTick = [400, 4000].randomElement(using: &random) ?? 4000 }
        if chance(40) { self.highWaterMark = [4, 16].randomElement(using: &random) ?? 16 }
        if chance(40) { self.deliveryQueue = [4, 16].randomElement(using: &random) ?? 16 }
        self.hasSkew = chance(50)
        if chance(25) { self.waiting = Int.random(in: 1...31, using: &random) }
    }

    private mutating func drawWork(_ settings: ClusterSettings, using random: inout SplitMix64) {
        for seat in 0..<settings.nodes {
            let at = UInt64.random(in: 0...1500, using: &random)
            self.steps.append(ClusterStep(at: seat == 0 ? 0 : at, seat: seat, action: .start))
        }
        var left = settings.emitted
        // Some nodes say more than others, and some bursts outrun what is held.
        let loud = Int.random(in: 0..<settings.nodes, using: &random)
        while left > 0 {
            let isBurst = Int.random(in: 0..<40, using: &random) == 0
            let count = min(
                left, isBurst ? Int.random(in: 20...60, using: &random) : Int.random(in: 1...5, using: &random))
            left -= count
            let seat =
                Int.random(in: 0..<3, using: &random) == 0 ? loud : Int.random(in: 0..<settings.nodes, using: &random)
            let bytes = Int.random(in: 0..<8, using: &random) == 0 ? 300 : 8
            let at = UInt64.random(in: 2000...settings.span - 8000, using: &random)
            self.steps.append(ClusterStep(at: at, seat: seat, action: .emit(count: count, bytes: bytes)))
        }
        self.steps.append(
            ClusterStep(at: settings.span - 7000, seat: loud, action: .complete(total: settings.emitted)))
        for _ in 0..<Int.random(in: 2...5, using: &random) {
            let at = UInt64.random(in: 3000...settings.span - 5000, using: &random)
            let seat = Int.random(in: 0..<settings.nodes, using: &random)
            self.steps.append(ClusterStep(at: at, seat: seat, action: .flush))
        }
        if Bool.random(using: &random) {
            let at = UInt64.random(in: 3000...settings.span - 5000, using: &random)
            self.steps.append(ClusterStep(at: at, seat: loud, action: .update))
        }
    }

    private mutating func drawFaults(_ settings: ClusterSettings, using random: inout SplitMix64) {
        for _ in 0..<Int.random(in: settings.faults, using: &random) {
            let at = UInt64.random(in: 2500...settings.faultsUntil, using: &random)
            let seat = Int.random(in: 0..<settings.nodes, using: &random)
            let isLong = Int.random(in: 0..<3, using: &random) == 0
            let time =
                isLong
                ? UInt64.random(in: 4000...16_000, using: &random) : UInt64.random(in: 100...4000, using: &random)
            let same = Bool.random(using: &random)
            let action: ClusterStep.Action
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<18: action = .pause(milliseconds: time)
            case 18..<28: action = .stall(milliseconds: time)
            case 28..<48: action = .crash(restart: time / 2, samePort: same)
            case 48..<56: action = .leave(restart: time / 2, samePort: same)
            case 56..<80:
                let seats = Int.random(in: 1..<(1 << settings.nodes) - 1, using: &random)
                action = .cut(seats: seats, milliseconds: time, isOneWay: Int.random(in: 0..<4, using: &random) == 0)
            case 80..<90:
                action = .reset(with: (seat + Int.random(in: 1..<settings.nodes, using: &random)) % settings.nodes)
            default:
                action = .lossy(oneIn: Int.random(in: 2...8, using: &random), milliseconds: time)
            }
            self.steps.append(ClusterStep(at: at, seat: seat, action: action))
            // An origin that goes just after it has spoken leaves a tail that not everyone has.
            if action.endsProcess {
                self.steps.append(
                    ClusterStep(
                        at: at - UInt64.random(in: 0...40, using: &random), seat: seat,
                        action: .emit(count: 3, bytes: 8)))
            }
        }
    }
}
