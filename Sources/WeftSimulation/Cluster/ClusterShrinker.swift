// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Makes a script that breaks a promise as short as it gets, by leaving things out for as long as some promise is still broken.
package struct ClusterShrinker {
    private let settings: ClusterSettings
    /// The shortest script found so far.
    package private(set) var script: ClusterScript
    /// What it breaks.
    package private(set) var violation: SimulationViolation
    /// How many runs that took.
    package private(set) var runs = 0
    private let limit: Int

    /// Runs a script, to see whether there is anything to shrink.
    ///
    /// - Parameter limit: The most runs that shrinking may take.
    /// - Returns: nil when no promise is broken.
    package init?(_ script: ClusterScript, settings: ClusterSettings, limit: Int = 2000) {
        self.settings = settings
        self.script = script
        self.limit = limit
        guard let violation = Self.violation(of: script, settings) else { return nil }
        self.violation = violation
    }

    private static func violation(of script: ClusterScript, _ settings: ClusterSettings) -> SimulationViolation? {
        var simulation = ClusterSimulation(script: script, settings: settings)
        do {
            try simulation.run()
            return nil
        } catch {
            return error as? SimulationViolation
        }
    }

    /// Leaves out what can be left out.
    package mutating func shrink() {
        self.calmDown()
        var size = max(1, self.script.steps.count / 2)
        while size >= 1, self.runs < self.limit {
            let before = self.script.steps.count
            self.leaveOut(size)
            // Once more at this size when something went.
            if self.script.steps.count == before || size > 1 { size /= 2 }
        }
        self.shorten()
        self.calmDown()
    }

    /// Takes a script that still breaks a promise.
    private mutating func attempt(_ change: (inout ClusterScript) -> Void) -> Bool {
        var shorter = self.script
        change(&shorter)
        guard shorter != self.script, self.runs < self.limit else { return false }
        self.runs += 1
        guard let violation = Self.violation(of: shorter, self.settings) else { return false }
        self.script = shorter
        self.violation = violation
        return true
    }

    /// A kinder network and nodes with more room.
    private mutating func calmDown() {
        let calm = ClusterScript(calm: self.script.seed)
        _ = self.attempt { $0.published = 0 }
        _ = self.attempt { $0.control = 0 }
        _ = self.attempt { $0.twice = 0 }
        _ = self.attempt { $0.overtaking = 0 }
        _ = self.attempt { $0.hasSkew = false }
        _ = self.attempt { $0.latency = calm.latency }
        _ = self.attempt { $0.replayWindow = calm.replayWindow }
        _ = self.attempt { $0.receivedWindows = calm.receivedWindows }
        _ = self.attempt { $0.aheadBytes = calm.aheadBytes }
        _ = self.attempt { $0.repairBytesPerTick = calm.repairBytesPerTick }
        _ = self.attempt { $0.highWaterMark = calm.highWaterMark }
        _ = self.attempt { $0.deliveryQueue = calm.deliveryQueue }
        _ = self.attempt { $0.waiting = calm.waiting }
    }

    private mutating func leaveOut(_ size: Int) {
        var end = self.script.steps.count
        while end > 0 {
            let start = max(0, end - size)
            // Whoever begins must begin, so that what happens to it can.
            _ = self.attempt { script in
                let kept = script.steps[start..<min(end, script.steps.count)].filter { $0.action == .start }
                script.steps.replaceSubrange(start..<min(end, script.steps.count), with: kept)
            }
            end = start
        }
    }

    /// Shorter faults, and fewer events at once.
    private mutating func shorten() {
        for index in self.script.steps.indices {
            while self.attempt({ $0.steps[index].action = $0.steps[index].action.halved }) {}
        }
    }
}

extension ClusterStep.Action {
    fileprivate var halved: Self {
        switch self {
        case .emit(let count, _): .emit(count: max(1, count / 2), bytes: 8)
        case .pause(let time): .pause(milliseconds: max(1, time / 2))
        case .stall(let time): .stall(milliseconds: max(1, time / 2))
        case .crash(let restart, let same): .crash(restart: max(1, restart / 2), samePort: same)
        case .leave(let restart, let same): .leave(restart: max(1, restart / 2), samePort: same)
        case .cut(let seats, let time, let oneWay):
            .cut(seats: seats, milliseconds: max(1, time / 2), isOneWay: oneWay)
        case .lossy(let oneIn, let time): .lossy(oneIn: oneIn, milliseconds: max(1, time / 2))
        case .start, .complete, .flush, .update, .reset: self
        }
    }
}
