// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// How far this node is itself to blame for not hearing the others: a node that is late gives them more time.
///
/// This is Lifeguard's idea: most false suspicions come from nodes that are slow themselves.
struct LocalHealth {
    /// How many times the usual silence is added to what the others may be silent.
    private(set) var extraPatience = 0
    private var relief: MonotonicTime?
    private let step: Duration

    /// A node that is in time.
    ///
    /// - Parameter step: How long it must be in time for each step back.
    init(step: Duration) {
        self.step = step
    }

    /// By how much this node multiplies what the others may be silent.
    var factor: Int { 1 + self.extraPatience }

    /// This node was late, or somebody thought it was dead.
    mutating func worsen(at now: MonotonicTime) {
        self.extraPatience = min(self.extraPatience + 1, MeshDefaults.longestPatience)
        self.relief = now + self.step
    }

    mutating func tick(at now: MonotonicTime) {
        guard let relief = self.relief, now >= relief else { return }
        self.extraPatience -= 1
        self.relief = self.extraPatience > 0 ? now + self.step : nil
    }
}
