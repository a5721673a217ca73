// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftValue

/// The newest events, bounded in number and in bytes.
///
/// Their arguments are copied into one stretch of memory that is used again and again: an event here costs no allocation,
/// and keeps nothing else alive. Only what is too large to be copied is kept as it came.
struct History {
    /// An event without its name and its arguments: nothing in it has to be counted when it is copied.
    private struct Entry {
        var origin: NodeID
        /// 0 for one that is in no stream.
        var sequence: UInt64
        var microseconds: Int64
        var isRemote: Bool
        /// Whether its arguments are in `apart`.
        var isApart: Bool
        /// Where its arguments begin, counted from the first byte that was ever in `arena`.
        var start: Int
        var count: Int
        /// What it takes, for the bound in bytes.
        var cost: Int

        static let none = Entry(
            origin: .none, sequence: 0, microseconds: 0, isRemote: false, isApart: false, start: 0, count: 0, cost: 0)
    }

    /// A ring: the oldest is at `first`.
    private var entries: [Entry] = []
    /// The names of the events, in the same places.
    private var names: [EventName] = []
    /// Arguments that are not in `arena`, by place.
    private var apart: [Int: EventArguments] = [:]
    private var first = 0
    private var count = 0
    private var bytes = 0
    private let maximumCount: Int
    private let maximumBytes: Int
    /// The arguments of the events, the oldest first, after those of events that are gone.
    var arena = MessagePackWriter()
    /// How many bytes have gone from the front of `arena`.
    private var arenaStart = 0
    /// From how many bytes on `arena` is cleared of what is gone.
    private var arenaRoom = 4096

    init(maximumCount: Int, maximumBytes: Int) {
        self.maximumCount = max(0, maximumCount)
        self.maximumBytes = max(0, maximumBytes)
    }

    /// Makes room for arguments of at most so many bytes, to be written with ``write(_:)`` and then kept or dropped.
    mutating func prepare(_ size: Int) {
        if self.arena.bytes.count + size > self.arenaRoom { self.clearArena(for: size) }
    }

    private mutating func clearArena(for size: Int) {
        let gone = self.count > 0 ? self.entries[self.first].start - self.arenaStart : self.arena.bytes.count
        if gone >= self.arenaRoom / 2 {
            self.arena.removeFirst(gone)
            self.arenaStart += gone
        }
        while self.arena.bytes.count + size > self.arenaRoom { self.arenaRoom *= 2 }
        self.arena.reserve(self.arenaRoom)
    }

    /// Writes arguments for which room has been made.
    mutating func write(_ body: (inout MessagePackWriter) -> Void) -> Range<Int> {
        let start = self.arena.bytes.count
        body(&self.arena)
        return start..<self.arena.bytes.count
    }

    /// Forgets arguments that have just been written, and belong to no event here.
    mutating func drop(_ range: Range<Int>) {
        self.arena.truncate(to: range.lowerBound)
    }

    /// Adds the newest event, whose arguments have just been written.
    ///
    /// - Returns: How many events the bound in bytes has cost.
    mutating func append(
        name: EventName, origin: NodeID, sequence: UInt64?, microseconds: Int64, isRemote: Bool,
        written range: Range<Int>
    ) -> Int {
        let entry = Entry(
            origin: origin, sequence: sequence ?? 0, microseconds: microseconds, isRemote: isRemote, isApart: false,
            start: self.arenaStart + range.lowerBound, count: range.count,
            cost: range.count + name.rawValue.utf8.count + EventRecord.overhead)
        return self.append(entry, name) == nil ? 1 : self.dropSurplus()
    }

    /// Adds the newest event.
    ///
    /// - Returns: How many events the bound in bytes has cost.
    mutating func append(
        name: EventName, origin: NodeID, sequence: UInt64?, microseconds: Int64, isRemote: Bool,
        _ arguments: EventArguments
    ) -> Int {
        let size = arguments.size
        if size <= EventBus.Defaults.copiedBytes {
            self.prepare(size)
            let written = self.write { arguments.write(to: &$0) }
            return self.append(
                name: name, origin: origin, sequence: sequence, microseconds: microseconds, isRemote: isRemote,
                written: written)
        }
        let entry = Entry(
            origin: origin, sequence: sequence ?? 0, microseconds: microseconds, isRemote: isRemote, isApart: true,
            start: self.arenaStart + self.arena.bytes.count, count: 0,
            cost: size + name.rawValue.utf8.count + EventRecord.overhead)
        guard let place = self.append(entry, name) else { return 1 }
        self.apart[place] = arguments.detached
        return self.dropSurplus()
    }

    private mutating func append(_ entry: Entry, _ name: EventName) -> Int? {
        // One that fits only alone must not push out all others and then not fit either.
        guard self.maximumCount > 0, entry.cost <= self.maximumBytes else { return nil }
        self.makeRoom()
        let place = self.index(self.count == self.maximumCount ? 0 : self.count)
        if self.count == self.maximumCount {
            let former = self.entries[place]
            self.bytes -= former.cost
            if former.isApart { self.apart[place] = nil }
            self.first = self.index(1)
        } else {
            self.count += 1
        }
        self.entries[place] = entry
        // Most often it is the same, and to compare is cheaper than to count references.
        if self.names[place] != name { self.names[place] = name }
        self.bytes += entry.cost
        return place
    }

    private mutating func dropSurplus() -> Int {
        var dropped = 0
        while self.bytes > self.maximumBytes {
            self.removeFirst()
            dropped += 1
        }
        return dropped
    }

    /// Puts older events before what is there, as many of the newest of them as there is room for.
    mutating func prepend(_ older: [EventRecord]) {
        self.makeRoom()
        for record in older.reversed() {
            guard self.count < self.maximumCount, self.bytes + record.cost <= self.maximumBytes else { return }
            let start = self.count > 0 ? self.entries[self.first].start : self.arenaStart + self.arena.bytes.count
            self.first = self.first == 0 ? self.maximumCount - 1 : self.first - 1
            self.entries[self.first] = Entry(
                origin: record.origin, sequence: record.sequence ?? 0, microseconds: record.microsecondsSince1970,
                isRemote: true, isApart: true, start: start, count: 0, cost: record.cost)
            self.names[self.first] = record.name
            self.apart[self.first] = EventArguments(encoded: record.encodedArguments)
            self.count += 1
            self.bytes += record.cost
        }
    }

    mutating func clear() {
        while self.count > 0 { self.removeFirst() }
    }

    /// The events in their order, the oldest first.
    ///
    /// - Parameter isWanted: Which, by their names and whether they are in a stream.
    func all(_ isWanted: (_ name: EventName, _ isInStream: Bool) -> Bool = { _, _ in true }) -> [Emission] {
        (0..<self.count).compactMap { offset in
            let place = self.index(offset)
            let (entry, name) = (self.entries[place], self.names[place])
            guard isWanted(name, entry.sequence > 0) else { return nil }
            let start = entry.start - self.arenaStart
            let arguments =
                entry.isApart
                ? self.apart[place]
                : EventArguments(encoded: [UInt8](self.arena.bytes[start..<start + entry.count])[...])
            return Emission(
                name: name, origin: entry.origin, sequence: entry.sequence == 0 ? nil : entry.sequence,
                microseconds: entry.microseconds, isRemote: entry.isRemote,
                arguments: arguments ?? EventArguments(bytes: []))
        }
    }

    private mutating func makeRoom() {
        guard self.entries.isEmpty else { return }
        self.entries = Array(repeating: .none, count: self.maximumCount)
        self.names = Array(repeating: "", count: self.maximumCount)
    }

    private mutating func removeFirst() {
        let former = self.entries[self.first]
        self.bytes -= former.cost
        if former.isApart { self.apart[self.first] = nil }
        self.entries[self.first] = .none
        self.first = self.index(1)
        self.count -= 1
    }

    private func index(_ offset: Int) -> Int {
        let index = self.first + offset
        return index < self.maximumCount ? index : index - self.maximumCount
    }
}
