// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking
import Logging

/// Work beside the tasks that must not outlive the program's stop.
final class BackgroundTasks: Sendable {
    private struct Entry {
        let task: Task<Void, Never>
        let atStop: Events.AtStop
    }

    private struct State {
        var entries: [UInt64: Entry] = [:]
        var nextID: UInt64 = 0
        var isClosed = false
    }

    private let state = Locked(State())
    private let logger: Logger

    init(logger: Logger) {
        self.logger = logger
    }

    /// Starts `operation`; refused, with false, once the stop has begun.
    @discardableResult func add(
        atStop: Events.AtStop, _ operation: @escaping @concurrent @Sendable () async throws -> Void
    ) -> Bool {
        self.state.withLock { state in
            guard !state.isClosed else { return false }
            let id = state.nextID
            state.nextID += 1
            // Not a child of the caller's task, because it goes on when that one has ended; `drain` awaits it.
            let task = Task {
                do {
                    try await operation()
                } catch is CancellationError {
                    // It was asked to stop and did.
                } catch {
                    self.logger.info("Background task failed", metadata: ["error": "\(error)"])
                }
                self.ended(id)
            }
            state.entries[id] = Entry(task: task, atStop: atStop)
            return true
        }
    }

    // The task starts under the lock, but can get here only after `add` has let go of it.
    private func ended(_ id: UInt64) {
        self.state.withLock { _ = $0.entries.removeValue(forKey: id) }
    }

    /// The number of background tasks that still run.
    var count: Int {
        self.state.withLock { $0.entries.count }
    }

    /// Takes no more, waits for what runs, and cancels after `limit` what still does.
    func drain(within limit: Duration) async {
        let entries = self.state.withLock { state in
            state.isClosed = true
            return Array(state.entries.values)
        }
        for entry in entries where entry.atStop == .cancel { entry.task.cancel() }
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                guard (try? await Task.sleep(for: limit)) != nil else { return }
                for entry in entries { entry.task.cancel() }
            }
            for entry in entries { await entry.task.value }
            group.cancelAll()
        }
    }
}
