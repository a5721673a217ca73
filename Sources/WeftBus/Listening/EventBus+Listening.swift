// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking

extension EventBus {
    /// Registers a synchronous handler for the events of a key.
    ///
    /// The same handler registered twice runs twice. A name that is a pattern (`"*"`) listens to all that it matches.
    ///
    /// - Parameters:
    ///   - key: The name and the types of the arguments; extra arguments are ignored, missing ones are nil where their type
    ///     allows, and events that do not fit are announced as `weft:undecodable`.
    ///   - scope: Whose events to listen to.
    ///   - replay: Whether to be called for the events in the history, too, also for those that a late joiner is given.
    ///   - handler: Called where the event is emitted; a thrown error becomes an `error` event.
    /// - Returns: What ``off(_:)`` takes.
    @discardableResult
    @inlinable
    public func on<each Argument>(
        _ key: EventKey<repeat each Argument>, from scope: ListenerScope = .all, replay: Bool = false,
        _ handler: @escaping @Sendable (repeat each Argument) throws -> Void
    ) -> Subscription {
        self.register(EventPattern(key.name), .init(scope: scope, wantsReplay: replay), sync: SyncTarget(many: handler))
    }

    /// Registers an asynchronous handler for the events of a key.
    ///
    /// - Parameters:
    ///   - key: The name and the types of the arguments.
    ///   - scope: Whose events to listen to.
    ///   - replay: Whether to be called for the events in the history, too.
    ///   - concurrency: How many of this listener's mirrored and scheduled events may be handled at once; with more than
    ///     one they are begun in order, and no longer one at a time per origin.
    ///   - handler: Runs where it was declared (its actor); a thrown error becomes an `error` event.
    /// - Returns: What ``off(_:)`` takes.
    @discardableResult
    @inlinable
    public func on<each Argument>(
        _ key: EventKey<repeat each Argument>, from scope: ListenerScope = .all, replay: Bool = false,
        concurrency: Int = 1,
        _ handler: @escaping @isolated(any) @Sendable (repeat each Argument) async throws -> Void
    ) -> Subscription {
        self.register(
            EventPattern(key.name), .init(scope: scope, wantsReplay: replay), async: AsyncTarget(many: handler),
            concurrency: concurrency)
    }

    /// Registers a synchronous handler for one event of a key; it is removed before it is called.
    @discardableResult
    @inlinable
    public func once<each Argument>(
        _ key: EventKey<repeat each Argument>, from scope: ListenerScope = .all,
        _ handler: @escaping @Sendable (repeat each Argument) throws -> Void
    ) -> Subscription {
        self.register(EventPattern(key.name), .init(scope: scope, isOnce: true), sync: SyncTarget(many: handler))
    }

    /// Registers an asynchronous handler for one event of a key; it is removed before it is called.
    @discardableResult
    @inlinable
    public func once<each Argument>(
        _ key: EventKey<repeat each Argument>, from scope: ListenerScope = .all,
        _ handler: @escaping @isolated(any) @Sendable (repeat each Argument) async throws -> Void
    ) -> Subscription {
        self.register(
            EventPattern(key.name), .init(scope: scope, isOnce: true), async: AsyncTarget(many: handler), concurrency: 1
        )
    }

    /// Registers a synchronous handler for all events whose names match, with whatever arguments.
    @discardableResult
    public func on(
        matching pattern: EventPattern, from scope: ListenerScope = .all, replay: Bool = false,
        _ handler: @escaping @Sendable (EventRecord) throws -> Void
    ) -> Subscription {
        self.register(pattern, .init(scope: scope, wantsReplay: replay), sync: SyncTarget(handler))
    }

    /// Registers an asynchronous handler for all events whose names match, with whatever arguments.
    @discardableResult
    public func on(
        matching pattern: EventPattern, from scope: ListenerScope = .all, replay: Bool = false, concurrency: Int = 1,
        _ handler: @escaping @isolated(any) @Sendable (EventRecord) async throws -> Void
    ) -> Subscription {
        self.register(
            pattern, .init(scope: scope, wantsReplay: replay), async: AsyncTarget(handler),
            concurrency: concurrency)
    }

    /// Registers a synchronous handler for the first event whose name matches.
    @discardableResult
    public func once(
        matching pattern: EventPattern, from scope: ListenerScope = .all,
        _ handler: @escaping @Sendable (EventRecord) throws -> Void
    ) -> Subscription {
        self.register(pattern, .init(scope: scope, isOnce: true), sync: SyncTarget(handler))
    }

    /// Registers an asynchronous handler for the first event whose name matches.
    @discardableResult
    public func once(
        matching pattern: EventPattern, from scope: ListenerScope = .all,
        _ handler: @escaping @isolated(any) @Sendable (EventRecord) async throws -> Void
    ) -> Subscription {
        self.register(pattern, .init(scope: scope, isOnce: true), async: AsyncTarget(handler), concurrency: 1)
    }

    /// Ends a registration; one that has ended already, or belongs to another bus, does no harm.
    ///
    /// An emit that has begun still calls the handler, unless it is a one-time one.
    ///
    /// - Returns: Whether there was something to end.
    @discardableResult
    public func off(_ subscription: Subscription) -> Bool {
        let removed = self.state.withLock { $0.registry.remove(subscription) }
        removed?.end()
        return removed != nil
    }

    /// Ends all registrations for exactly this name, or for this pattern if the name is one.
    public func removeAllListeners(for name: EventName) {
        self.removeAll(EventPattern(name))
    }

    /// Ends all registrations.
    public func removeAllListeners() {
        self.removeAll(nil)
    }

    private func removeAll(_ pattern: EventPattern?) {
        let removed = self.state.withLock { $0.registry.removeAll(pattern) }
        for listener in removed { listener.end() }
    }

    /// The names that have listeners of their own, in the order of their first registrations; patterns are not names.
    public var eventNames: [EventName] {
        self.state.withLock { $0.registry.names }
    }

    /// Whether anybody would hear an event of a name.
    package func hasListeners(for name: EventName) -> Bool {
        self.state.withLock { !$0.registry.listeners(for: name).isEmpty }
    }

    /// How many listeners a name has of its own; of a pattern, how many were registered with exactly that pattern.
    public func listenerCount(for name: EventName) -> Int {
        self.state.withLock { $0.registry.all(EventPattern(name)).count }
    }
}
