// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Locking
import Weft
import WeftBus
import WeftProtocol
import WeftValue

/// A node of the laboratory: it emits at a rate, and checks all that it hears.
final class LabNode: Sendable {
    /// The events: the first eight bytes are the index.
    static let event: EventKey<[UInt8]> = "lab:event"
    /// How often events leave.
    private static let beat: Duration = .milliseconds(10)
    /// The longest time that is made up for: what a stopped process did not emit stays away.
    private static let longestBeat: Duration = .milliseconds(100)

    private struct State {
        var rate = 0.0
        /// After how many events it is done.
        var limit = UInt64.max
        var emitted: UInt64 = 0
        var tallies: [NodeID: LabTally] = [:]
        var unreadable: UInt64 = 0
    }

    private let bus: EventBus
    private let payload: Int
    private let state = Locked(State())

    /// Listens to the bus of a node that has not started yet.
    ///
    /// - Parameter payload: The bytes of each event.
    init(bus: EventBus, payload: Int) {
        self.bus = bus
        self.payload = max(payload, 8)
        bus.on(matching: EventPattern(Self.event.name), from: .remote) { self.heard($0) }
        bus.on(.gap) { self.missed($0, $1, $2) }
    }

    /// Takes a command: `rate N`, in events a second, or `until N`, after which nothing more is emitted; anything else only wants to
    /// hear how things are.
    func command(_ line: String) {
        let words = line.split(separator: " ")
        guard words.count == 2 else { return }
        if words[0] == "rate", let rate = Double(words[1]), (0...1e6).contains(rate) {
            self.state.withLock { $0.rate = rate }
        } else if words[0] == "until", let limit = UInt64(words[1]) {
            self.state.withLock { $0.limit = limit }
        }
    }

    /// Emits at the rate, in bursts, until the task is cancelled.
    func emit() async {
        let clock = ContinuousClock()
        var last = clock.now
        var owed = 0.0
        while !Task.isCancelled {
            try? await clock.sleep(for: Self.beat)
            let now = clock.now
            owed += self.state.withLock { $0.rate } * (min(now - last, Self.longestBeat) / .seconds(1))
            last = now
            while owed >= 1, !Task.isCancelled {
                owed -= 1
                var bytes = [UInt8](repeating: 0, count: self.payload)
                let (emitted, limit) = self.state.withLock { ($0.emitted, $0.limit) }
                guard emitted < limit else {
                    owed = 0
                    break
                }
                var index = emitted
                for place in 0..<8 {
                    bytes[7 - place] = UInt8(truncatingIfNeeded: index)
                    index >>= 8
                }
                guard await self.bus.emit(Self.event, bytes).sequence != nil else { continue }
                self.state.withLock { $0.emitted += 1 }
            }
        }
    }

    /// How things are, as one object.
    func status(of node: Node) async -> Value {
        let status = await node.status()
        let state = self.state.withLock { $0 }
        let origins = state.tallies.map { ($0.key.description, $0.value.value) }
        return [
            "id": .string(status.id.description), "name": .string(node.configuration.name),
            "time": .double(Date().timeIntervalSince1970),
            "emitted": Value(state.emitted), "unreadable": Value(state.unreadable),
            "origins": .object(Dictionary(origins) { $1 }), "counters": status.counters.value,
            "memory": status.memory.value,
            "members": .array(
                status.members.map { member in
                    [
                        "id": .string(member.record.id.description), "name": .string(member.record.name),
                        "state": .string(member.state.rawValue), "joined": .bool(member.isJoined),
                    ]
                }),
        ]
    }

    private func heard(_ record: EventRecord) {
        guard let bytes = try? record.decode(as: Self.event), bytes.count >= 8 else {
            self.state.withLock { $0.unreadable += 1 }
            return
        }
        let index = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        self.state.withLock { state in
            state.tallies[record.origin, default: LabTally()].heard(index: index, sequence: record.sequence)
        }
    }

    private func missed(_ origin: String, _ first: UInt64, _ last: UInt64) {
        self.state.withLock { state in
            guard let origin = NodeID(origin) else {
                state.unreadable += 1
                return
            }
            state.tallies[origin, default: LabTally()].missed(first: first, last: last)
        }
    }
}
