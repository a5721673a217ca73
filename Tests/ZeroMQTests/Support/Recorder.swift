// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking

/// Records what happens on another thread and lets a test wait for it, with a deadline.
final class Recorder<Value: Sendable>: Sendable {
    struct TimedOut: Error, CustomStringConvertible {
        let description: String
    }

    private struct State {
        var values: [Value] = []
        var waiting: [(ready: @Sendable ([Value]) -> Bool, resume: CheckedContinuation<Bool, Never>, id: Int)] = []
        var nextID = 0
    }

    private let state = Locked(State())

    var values: [Value] { self.state.withLock { $0.values } }

    func record(_ values: [Value]) {
        let resumed = self.state.withLock { state -> [CheckedContinuation<Bool, Never>] in
            state.values += values
            let all = state.values
            let ready = state.waiting.filter { $0.ready(all) }.map(\.resume)
            state.waiting.removeAll { $0.ready(all) }
            return ready
        }
        for continuation in resumed { continuation.resume(returning: true) }
    }

    func record(_ value: Value) { self.record([value]) }

    /// Waits until there are `count` values.
    func wait(count: Int, within limit: Duration = .seconds(60)) async throws -> [Value] {
        try await self.wait(within: limit) { $0.count >= count }
    }

    /// Waits until the values are as wanted.
    func wait(
        within limit: Duration = .seconds(60), until ready: @escaping @Sendable ([Value]) -> Bool
    ) async throws -> [Value] {
        let inTime = await withTaskGroup(of: Bool.self) { group in
            group.addTask { await self.waitForever(ready) }
            group.addTask {
                try? await Task.sleep(for: limit)
                return false
            }
            let first = await group.next() ?? false
            group.cancelAll()
            return first
        }
        let values = self.values
        guard inTime || ready(values) else {
            throw TimedOut(description: "only \(values.count) values in \(limit): \(values.suffix(5))")
        }
        return values
    }

    private func waitForever(_ ready: @escaping @Sendable ([Value]) -> Bool) async -> Bool {
        let id = self.state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let now = self.state.withLock { state -> Bool? in
                    if ready(state.values) { return true }
                    if Task.isCancelled { return false }
                    state.waiting.append((ready, continuation, id))
                    return nil
                }
                if let now { continuation.resume(returning: now) }
            }
        } onCancel: {
            let waiting = self.state.withLock { state -> CheckedContinuation<Bool, Never>? in
                guard let index = state.waiting.firstIndex(where: { $0.id == id }) else { return nil }
                return state.waiting.remove(at: index).resume
            }
            waiting?.resume(returning: false)
        }
    }
}
