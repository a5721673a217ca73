// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import HeapModule
import WeftBus
import WeftProtocol

/// A whole cluster as values, driven by one script: nodes with their membership, streams and repair, and the network between them.
///
/// Connections keep their order and lose what is on its way when they close; a publisher drops whole frames for who does not take them.
/// Beyond what TCP would do, frames and messages get lost, come twice and overtake each other. Nodes stand still, die, leave and come back,
/// their clocks run apart, their buses stall, and the network is cut. Every step is checked; a promise that is not kept is thrown as
/// ``SimulationViolation``. The same script gives the same run.
package struct ClusterSimulation: Simulation {
    /// What is simulated.
    package let settings: ClusterSettings
    /// What happens.
    package let script: ClusterScript
    /// What has happened so far.
    package internal(set) var report = ClusterReport()
    /// Takes a line for each thing that happens.
    package var trace: ((String) -> Void)?

    var random: SplitMix64
    var events = Heap<ClusterEvent>()
    var nextOrder: UInt64 = 0
    /// The time, in microseconds.
    var time: UInt64 = 0
    /// How many messages there have been, of either kind.
    var messages: UInt64 = 0

    var peers: [SimulatedPeer] = []
    var indices: [NodeID: Int] = [:]
    /// The process at each seat; nil while there is none.
    var seats: [Int?]
    /// The process bound to each address.
    var bound: [Int?] = []
    var connections: [SimulatedConnection] = []
    /// Until when nothing passes from one seat to another, by both their numbers.
    var cutUntil: [UInt64]
    /// Until when one frame in so many from a seat gets lost.
    var lossy: [(oneIn: Int, until: UInt64)]
    /// When two seats were last in trouble with each other.
    var troubledUntil: [UInt64]
    /// When the last fault is over.
    var healedAt: UInt64 = 0
    var isOver = false
    /// The task plane; nil where only events are simulated.
    var tasks: TaskSimulation?
    var nextFlush: UInt64 = 0

    /// Prepares a schedule.
    package init(seed: UInt64, settings: ClusterSettings = .init()) {
        self.init(script: ClusterScript(seed: seed, settings: settings), settings: settings)
    }

    /// Prepares a script.
    package init(script: ClusterScript, settings: ClusterSettings) {
        self.settings = settings
        self.script = script
        self.random = SplitMix64(seed: script.seed)
        self.seats = Array(repeating: nil, count: settings.nodes)
        self.cutUntil = Array(repeating: 0, count: settings.nodes * settings.nodes)
        self.troubledUntil = self.cutUntil
        self.lossy = Array(repeating: (1, 0), count: settings.nodes)
        for (index, step) in script.steps.enumerated() { self.plan(.step(index), at: step.at * 1000) }
        self.plan(.check, at: 1_000_000)
        self.prepareDispatch()
    }

    /// Runs the schedule to its end.
    ///
    /// - Throws: ``SimulationViolation``.
    package mutating func run() throws {
        self.tasks?.trace = self.trace
        while !self.isOver, let next = self.events.min {
            if self.tasks != nil {
                try self.advanceTasks(to: next.time)
            }
            guard let event = self.events.popMin() else { break }
            self.time = event.time
            self.report.steps += 1
            self.report.mix(event.time ^ event.order << 40)
            try self.process(event)
        }
        self.report.duration = self.time / 1000
        for peer in self.peers { self.note(peer.mesh.counters) }
        try self.endTasks()
    }

    /// Each schedule must be as large as the settings say, whatever was drawn.
    package var shortfall: String? {
        let report = self.report
        guard
            report.duration < self.settings.span || report.emitted < self.settings.emitted
                || report.faults < self.settings.faults.lowerBound
        else { return nil }
        return "too small a schedule: \(report.duration) ms, \(report.emitted) events, \(report.faults) faults"
    }

    private mutating func note(_ counters: MeshCounters) {
        self.report.repairedByOthers += Int(clamping: counters.repairedByOthers)
        self.report.repairedByOrigin += Int(clamping: counters.repairedByOrigin)
        self.report.deaths += Int(clamping: counters.died)
    }

    // MARK: - Time

    /// The time as a process sees it.
    func now(_ peer: Int) -> MonotonicTime {
        let drift = Int64(clamping: self.time / 1000) * self.peers[peer].drift
        return MonotonicTime(
            nanoseconds: UInt64(clamping: Int64(clamping: self.peers[peer].offset + self.time * 1000) + drift))
    }

    mutating func plan(_ kind: ClusterEvent.Kind, after delay: UInt64) {
        self.plan(kind, at: self.time + delay)
    }

    mutating func plan(_ kind: ClusterEvent.Kind, at time: UInt64) {
        self.events.insert(ClusterEvent(time: time, order: self.nextOrder, kind: kind))
        self.nextOrder += 1
    }

    /// A random delay between two numbers of milliseconds.
    mutating func delay(_ range: ClosedRange<UInt64>) -> UInt64 {
        range.lowerBound * 1000 + self.random.next() % ((range.upperBound - range.lowerBound) * 1000 + 1)
    }

    mutating func chance(_ count: Int, in whole: Int) -> Bool {
        count > 0 && self.random.next() % UInt64(whole) < UInt64(count)
    }

    func note(_ text: @autoclosure () -> String) {
        guard let trace = self.trace else { return }
        let milliseconds = self.time / 1000
        let fraction = String(1000 + milliseconds % 1000).dropFirst()
        trace("\(milliseconds / 1000).\(fraction)  \(text())")
    }

    /// A process by seat and number, for the trace.
    func name(_ peer: Int) -> String { "n\(self.peers[peer].seat).\(peer)" }

    func name(_ id: NodeID) -> String { self.indices[id].map { self.name($0) } ?? "\(id)" }

    // MARK: - Events

    private mutating func process(_ event: ClusterEvent) throws {
        switch event.kind {
        case .step(let index): try self.happen(self.script.steps[index])
        case .begin(let seat, let samePort): try self.begin(seat, samePort: samePort)
        case .tick(let peer): try self.tick(peer)
        case .deliver(let connection, let isBack): try self.deliver(connection, isBack: isBack)
        case .connect(let connection): self.connect(connection)
        case .breaks(let connection, let life):
            if self.connections[connection].life == life { self.breaks(connection) }
        case .bus(let peer): try self.runBus(peer)
        case .drain(let peer):
            self.peers[peer].isDrainScheduled = false
            try self.drain(peer)
        case .exit(let peer): self.exit(peer)
        case .check: try self.check()
        }
    }
}
