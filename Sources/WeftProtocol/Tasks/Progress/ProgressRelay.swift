// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftValue

/// Passes on what handlers report, no faster than the mesh and the platform want it: of what comes too fast the newest wins, and nothing
/// comes after a task's end.
///
/// A value without clocks or tasks. It remembers tasks that have reported something and have not ended.
public struct ProgressRelay: Sendable {
    private struct Entry {
        var attempt: Int
        var emittedAt: MonotonicTime?
        var toEmit: Value?
        var pushedAt: MonotonicTime?
        var toPush: Value?
        var isPushing = false
    }

    /// Reports that gave way to a newer one.
    public private(set) var coalesced = 0
    private let interval: Duration
    private let platformInterval: Duration
    private var entries: [String: Entry] = [:]

    /// Creates a relay.
    ///
    /// - Parameters:
    ///   - interval: How far apart two events of one task are.
    ///   - platformInterval: How far apart two reports of one task to the platform are.
    public init(
        interval: Duration = TaskDefaults.progressInterval,
        platformInterval: Duration = TaskDefaults.platformProgressInterval
    ) {
        self.interval = interval
        self.platformInterval = platformInterval
    }

    /// How many tasks are remembered.
    public var count: Int { self.entries.count }

    /// The handler of a task that has not ended reported progress.
    ///
    /// - Parameters:
    ///   - id: The task's id.
    ///   - attempt: The attempt.
    ///   - value: What it reported.
    ///   - isForPlatform: Whether the platform is told.
    ///   - now: The time.
    public mutating func reported(
        _ id: String, attempt: Int, _ value: Value, isForPlatform: Bool, at now: MonotonicTime
    ) -> [ProgressAction] {
        var entry = self.entries[id] ?? Entry(attempt: attempt)
        if entry.toEmit != nil { self.coalesced += 1 }
        entry.attempt = attempt
        entry.toEmit = value
        if isForPlatform { entry.toPush = value }
        self.entries[id] = entry
        return self.due(id, at: now)
    }

    /// A push has been done, or has failed for good.
    public mutating func pushed(_ id: String, at now: MonotonicTime) -> [ProgressAction] {
        guard self.entries[id]?.isPushing == true else { return [] }
        self.entries[id]?.isPushing = false
        return self.due(id, at: now)
    }

    /// A task, or its attempt, has ended: what has not been told to the mesh yet is, and the platform is told nothing more.
    public mutating func ended(_ id: String) -> [ProgressAction] {
        guard let entry = self.entries.removeValue(forKey: id), let value = entry.toEmit else { return [] }
        return [.emit(id: id, attempt: entry.attempt, value)]
    }

    /// Time has passed: what has waited long enough is told.
    public mutating func tick(at now: MonotonicTime) -> [ProgressAction] {
        self.entries.filter { $0.value.toEmit != nil || $0.value.toPush != nil }.keys.sorted()
            .flatMap { self.due($0, at: now) }
    }

    private mutating func due(_ id: String, at now: MonotonicTime) -> [ProgressAction] {
        guard var entry = self.entries[id] else { return [] }
        var actions: [ProgressAction] = []
        if let value = entry.toEmit, entry.emittedAt.map({ now - $0 >= self.interval }) ?? true {
            entry.toEmit = nil
            entry.emittedAt = now
            actions.append(.emit(id: id, attempt: entry.attempt, value))
        }
        if let value = entry.toPush, !entry.isPushing,
            entry.pushedAt.map({ now - $0 >= self.platformInterval }) ?? true
        {
            entry.toPush = nil
            entry.pushedAt = now
            entry.isPushing = true
            actions.append(.push(id: id, value))
        }
        self.entries[id] = entry
        return actions
    }
}
