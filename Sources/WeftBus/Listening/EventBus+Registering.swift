// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking

extension EventBus {
    func register(
        _ pattern: EventPattern, _ options: Listener.Options, sync body: @escaping Listener.SyncBody
    ) -> Subscription {
        self.register(pattern, options, .sync(body))
    }

    func register(
        _ pattern: EventPattern, _ options: Listener.Options, async body: @escaping Listener.AsyncBody, concurrency: Int
    ) -> Subscription {
        let mailbox = Mailbox(
            maximumCount: self.configuration.mailboxEvents, maximumBytes: self.configuration.mailboxBytes,
            concurrency: concurrency)
        return self.register(pattern, options, .async(body, mailbox))
    }

    private func register(
        _ pattern: EventPattern, _ options: Listener.Options, _ handler: Listener.Handler
    ) -> Subscription {
        // Before the listener is there, so that one for `new_listener` is not told of itself.
        self.emitNewListener(for: pattern)
        let listener = Listener(pattern: pattern, options: options, handler: handler)
        let missed = self.state.withLock { state -> [EventRecord] in
            state.registry.add(listener)
            return options.wantsReplay ? state.history.all { pattern.matches($0.name) } : []
        }
        if !missed.isEmpty { self.replay(missed, to: [listener]) }
        return listener.subscription
    }

    /// Takes a one-time listener out before it is called.
    ///
    /// - Returns: Whether it may be called.
    func claim(_ listener: Listener) -> Bool {
        guard listener.isOnce else { return true }
        guard listener.claim() else { return false }
        _ = self.state.withLock { $0.registry.remove(listener.subscription) }
        return true
    }

    // The arguments are decoded before the listener is claimed: an event that does not fit must not use up a
    // one-time listener.

    static func body<each Argument: Codable & Sendable>(
        _ handler: @escaping @Sendable (repeat each Argument) throws -> Void
    ) -> Listener.SyncBody {
        { emission, listener, bus in
            let box: ArgumentBox<repeat each Argument> = try emission.box()
            guard bus.claim(listener) else { return false }
            try handler(repeat each box.values)
            return true
        }
    }

    static func body<each Argument: Codable & Sendable>(
        _ handler: @escaping @isolated(any) @Sendable (repeat each Argument) async throws -> Void
    ) -> Listener.AsyncBody {
        { emission, listener, bus in
            let box: ArgumentBox<repeat each Argument> = try emission.box()
            guard bus.claim(listener) else { return false }
            try await handler(repeat each box.values)
            return true
        }
    }

    static func recordBody(_ handler: @escaping @Sendable (EventRecord) throws -> Void) -> Listener.SyncBody {
        { emission, listener, bus in
            let record = try emission.record()
            guard bus.claim(listener) else { return false }
            try handler(record)
            return true
        }
    }

    static func recordBody(
        _ handler: @escaping @isolated(any) @Sendable (EventRecord) async throws -> Void
    ) -> Listener.AsyncBody {
        { emission, listener, bus in
            let record = try emission.record()
            guard bus.claim(listener) else { return false }
            try await handler(record)
            return true
        }
    }
}
