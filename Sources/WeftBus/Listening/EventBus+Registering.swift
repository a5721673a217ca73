// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking

extension EventBus {
    @usableFromInline
    func register(
        _ pattern: EventPattern, _ options: Listener.Options, sync target: SyncTarget
    ) -> Subscription {
        self.register(pattern, options, .sync(target))
    }

    @usableFromInline
    func register(
        _ pattern: EventPattern, _ options: Listener.Options, async target: AsyncTarget, concurrency: Int
    ) -> Subscription {
        let mailbox = Mailbox(
            maximumCount: self.configuration.mailboxEvents, maximumBytes: self.configuration.mailboxBytes,
            concurrency: concurrency)
        return self.register(pattern, options, .async(target, mailbox))
    }

    private func register(
        _ pattern: EventPattern, _ options: Listener.Options, _ handler: Listener.Handler
    ) -> Subscription {
        // Before the listener is there, so that one for `new_listener` is not told of itself.
        self.emitNewListener(for: pattern)
        let listener = Listener(pattern: pattern, options: options, handler: handler)
        let missed = self.state.withLock { state -> [Emission] in
            state.registry.add(listener)
            return options.wantsReplay ? state.history.all { name, _ in pattern.matches(name) } : []
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
        listener.end()
        _ = self.state.withLock { $0.registry.remove(listener.subscription) }
        return true
    }

    static func decode<each Argument: Codable & Sendable>(
        _ emission: Emission, as type: ArgumentBox<repeat each Argument>.Type
    ) throws -> (repeat each Argument) {
        do {
            var arguments = try emission.reader(for: type.typeNames)
            return try type.read(&arguments)
        } catch {
            throw emission.mismatch(error)
        }
    }
}
