// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking
import Weft
import WeftBus
import WeftProtocol

/// Prints what the bus delivers, and knows when it has printed enough.
final class EventListener: Sendable {
    private struct State {
        var printed: UInt64 = 0
        var waiter: AsyncStream<Void>.Continuation?
        var hasReached = false
    }

    private let printer: EventPrinter
    private let limit: UInt64?
    private let state: Locked<State>
    private let reached: AsyncStream<Void>

    /// - Parameter limit: After how many events it is done; nil for never.
    init(printer: EventPrinter, limit: UInt64?) {
        self.printer = printer
        self.limit = limit
        let (reached, waiter) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingOldest(1))
        self.reached = reached
        self.state = Locked(State(waiter: waiter))
    }

    /// How many events have been printed.
    var printed: UInt64 { self.state.withLock { $0.printed } }

    /// Prints an event; called by the bus, which must not be held up.
    func print(_ record: EventRecord) {
        let line = self.printer.line(record)
        let waiter: AsyncStream<Void>.Continuation? = self.state.withLock { state in
            if let limit = self.limit, state.printed >= limit { return nil }
            guard BoundedWriter.output.line(line) else { return nil }
            state.printed += 1
            guard state.printed == self.limit else { return nil }
            state.hasReached = true
            return state.waiter
        }
        waiter?.yield()
    }

    /// Prints what was missed, which doesn't count as an event.
    func printGap(_ record: EventRecord) {
        BoundedWriter.output.line(self.printer.line(record))
    }

    /// Waits until enough is printed.
    ///
    /// - Returns: false when the time ran out first, or when the task was cancelled.
    func end(within limit: Duration?) async -> Bool {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [reached] in
                for await _ in reached { return }
            }
            if let limit { group.addTask { try? await Task.sleep(for: limit) } }
            await group.next()
            group.cancelAll()
        }
        return self.state.withLock { $0.hasReached }
    }

    /// Says how many events were not printed, if any.
    func sayDropped() {
        let dropped = BoundedWriter.output.dropped
        guard dropped > 0 else { return }
        BoundedWriter.error.line(
            "weft listen: \(dropped) events were not printed, because standard output was not read")
    }
}
