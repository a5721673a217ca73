// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking

extension EventBus {
    @usableFromInline
    func register(
        _ pattern: EventPattern, _ options: Listener.Options, sync body: @escaping Listener.SyncBody
    ) -> Subscription {
        self.register(pattern, options, .sync(body))
    }

    @usableFromInline
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
        let missed = self.state.withLock { state -> [Emission] in
            state.registry.add(listener)
            return options.wantsReplay ? state.history.all { pattern.matches($0.name) } : []
        }
        if !missed.isEmpty { self.replay(missed, to: [listener]) }
        return listener.subscription
    }

    /// Takes a one-time listener out before it is called.
    ///
    /// - Returns: Whether it may be called.
    @usableFromInline
    func claim(_ listener: Listener) -> Bool {
        guard listener.isOnce else { return true }
        guard listener.claim() else { return false }
        _ = self.state.withLock { $0.registry.remove(listener.subscription) }
        return true
    }

    // The arguments are decoded before the listener is claimed: an event that does not fit must not use up a
    // one-time listener.

    @inlinable
    static func body<each Argument: Codable & Sendable>(
        _ handler: @escaping @Sendable (repeat each Argument) throws -> Void
    ) -> Listener.SyncBody {
        { emission, listener, bus in
            if let box = emission.values(of: ArgumentBox<repeat each Argument>.self) {
                guard !listener.isOnce || bus.claim(listener) else { return false }
                try handler(repeat each box.values)
            } else {
                let values = try Self.decode(emission, as: ArgumentBox<repeat each Argument>.self)
                guard !listener.isOnce || bus.claim(listener) else { return false }
                try handler(repeat each values)
            }
            return true
        }
    }

    @inlinable
    static func body<each Argument: Codable & Sendable>(
        _ handler: @escaping @isolated(any) @Sendable (repeat each Argument) async throws -> Void
    ) -> Listener.AsyncBody {
        { emission, listener, bus in
            if let box = emission.values(of: ArgumentBox<repeat each Argument>.self) {
                guard !listener.isOnce || bus.claim(listener) else { return false }
                try await handler(repeat each box.values)
            } else {
                let values = try Self.decode(emission, as: ArgumentBox<repeat each Argument>.self)
                guard !listener.isOnce || bus.claim(listener) else { return false }
                try await handler(repeat each values)
            }
            return true
        }
    }

    @inlinable
    static func decode<each Argument: Codable & Sendable>(
        _ emission: Emission, as type: ArgumentBox<repeat each Argument>.Type
    ) throws -> (repeat each Argument) {
        do {
            var reader = try emission.reader()
            return (repeat try reader.next((each Argument).self))
        } catch {
            throw emission.mismatch(error, expected: type.typeNames)
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
