// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftValue

/// A part of another node's batch on its way to the listeners: taken into the history, and handed over event by event.
struct DeliveryStep {
    /// What is known of an event that has been read.
    struct Event {
        let microseconds: Int64
        let part: Range<Int>
    }

    /// Events one after another with the same name, so also with the same listeners.
    struct Run {
        let name: EventName
        var end: Int
        var listeners: [Listener] = []
    }

    let origin: NodeID
    /// The sequence of the first event.
    var first: UInt64 = 0
    var events: [Event] = []
    var runs: [Run] = []
    var arguments: ArgumentReader
    /// How far the events have been handed over: which run, which event, which of its listeners.
    var run = 0
    var event = 0
    var listener = 0

    init(_ packed: borrowing PackedEvents) {
        self.origin = packed.origin
        self.arguments = packed.argumentReader
        self.events.reserveCapacity(min(packed.left, EventBus.Defaults.eventsPerStep))
    }

    /// Begins a step that is empty.
    mutating func clear() {
        self.events.removeAll(keepingCapacity: true)
        self.runs.removeAll(keepingCapacity: true)
        (self.run, self.event, self.listener) = (0, 0, 0)
    }

    /// Adds the event that was read last.
    mutating func append(_ packed: borrowing PackedEvents) {
        if self.events.isEmpty { self.first = packed.sequence }
        self.events.append(Event(microseconds: packed.microsecondsSince1970, part: packed.part))
        if packed.repeatsName, !self.runs.isEmpty {
            self.runs[self.runs.count - 1].end = self.events.count
        } else {
            self.runs.append(Run(name: packed.name, end: self.events.count))
        }
    }

    /// An event, for listeners that do not read its arguments themselves.
    func emission(_ index: Int, _ name: EventName) -> Emission {
        let event = self.events[index]
        return Emission(
            name: name, origin: self.origin, sequence: self.first + UInt64(index), microseconds: event.microseconds,
            isRemote: true, arguments: EventArguments(encoded: self.arguments.reader[event.part]))
    }
}
