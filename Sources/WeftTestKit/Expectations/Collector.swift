// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking

/// Collects what handlers see, in order, and lets a test wait for a number of elements or for one that it looks for.
public final class Collector<Element: Sendable>: Sendable {
    private struct Waiter {
        let isSatisfied: @Sendable ([Element]) -> Bool
        let continuation: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var elements: [Element] = []
        var waiters: [UInt64: Waiter] = [:]
        /// Waits that ended before they began to wait.
        var ended: Set<UInt64> = []
        var nextID: UInt64 = 0
        var isFinished = false
    }

    private let state = Locked(State())
    private let text: String

    /// Creates an empty collector.
    ///
    /// - Parameter description: What is collected, in words, for the message when it doesn't come.
    public init(_ description: String = "elements") {
        self.text = description
    }

    /// What has been collected so far.
    public var elements: [Element] { self.state.withLock { $0.elements } }

    /// How many elements have been collected so far.
    public var count: Int { self.state.withLock { $0.elements.count } }

    /// Adds an element.
    public func append(_ element: Element) {
        self.append(contentsOf: CollectionOfOne(element))
    }

    /// Adds several elements at once.
    public func append(contentsOf elements: some Sequence<Element>) {
        self.change { $0.elements.append(contentsOf: elements) }
    }

    /// Says that nothing more will come: waits that are not satisfied by then fail at once.
    public func finish() {
        self.change { $0.isFinished = true }
    }

    /// Waits for the first `count` elements and returns exactly those.
    public func prefix(_ count: Int, within limit: Duration = .seconds(60)) async throws -> [Element] {
        try await self.wait(for: "\(count) × \(self.text)", within: limit) { $0.count >= count }
        return Array(self.elements.prefix(count))
    }

    /// Waits for the first element, also one that is there already, for which `predicate` holds.
    public func first(
        within limit: Duration = .seconds(60), where predicate: @escaping @Sendable (Element) -> Bool
    ) async throws -> Element {
        try await self.wait(for: self.text, within: limit) { $0.contains(where: predicate) }
        guard let element = self.elements.first(where: predicate) else {
            throw TimedOut(awaited: self.text, limit: limit)
        }
        return element
    }

    /// Waits until all elements together satisfy `condition`.
    ///
    /// - Throws: ``TimedOut`` when they don't in time or ``finish()`` was called, `CancellationError` when cancelled.
    public func wait(
        for what: String? = nil, within limit: Duration = .seconds(60),
        until condition: @escaping @Sendable ([Element]) -> Bool
    ) async throws {
        let id = self.state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        // The timer lives only as long as the wait: it is what makes the wait end.
        let timer = Task { [weak self] in
            try await Task.sleep(for: limit)
            self?.end(id)
        }
        defer {
            timer.cancel()
            self.state.withLock { _ = $0.ended.remove(id) }
        }
        let isSatisfied = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Bool, Never>) in
                let answer: Bool? = self.state.withLock { state in
                    if condition(state.elements) { return true }
                    if state.isFinished || state.ended.contains(id) { return false }
                    state.waiters[id] = Waiter(isSatisfied: condition, continuation: continuation)
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            self.end(id)
        }
        guard isSatisfied else {
            try Task.checkCancellation()
            let isFinished = self.state.withLock { $0.isFinished }
            throw TimedOut(awaited: what ?? self.text, limit: isFinished ? nil : limit)
        }
    }

    private func change(_ body: (inout State) -> Void) {
        let ready = self.state.withLock { state in
            body(&state)
            var ready: [(CheckedContinuation<Bool, Never>, Bool)] = []
            for (id, waiter) in state.waiters {
                let isSatisfied = waiter.isSatisfied(state.elements)
                guard isSatisfied || state.isFinished else { continue }
                ready.append((waiter.continuation, isSatisfied))
                state.waiters[id] = nil
            }
            return ready
        }
        for (continuation, isSatisfied) in ready { continuation.resume(returning: isSatisfied) }
    }

    private func end(_ id: UInt64) {
        let waiter: Waiter? = self.state.withLock { state in
            if let waiter = state.waiters.removeValue(forKey: id) { return waiter }
            state.ended.insert(id)
            return nil
        }
        waiter?.continuation.resume(returning: false)
    }
}
