// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

// Handlers of two arguments: the same as those of any number, without a parameter pack.
extension EventBus {
    /// Calls a handler for each event of a key, in the order of registration.
    @discardableResult
    @inlinable
    public func on<First, Second>(
        _ key: EventKey<First, Second>, from scope: ListenerScope = .all, replay: Bool = false,
        _ handler: @escaping @Sendable (First, Second) throws -> Void
    ) -> Subscription {
        self.register(EventPattern(key.name), .init(scope: scope, wantsReplay: replay), sync: SyncTarget(handler))
    }

    /// Calls an asynchronous handler for each event of a key.
    @discardableResult
    @inlinable
    public func on<First, Second>(
        _ key: EventKey<First, Second>, from scope: ListenerScope = .all, replay: Bool = false,
        concurrency: Int = 1,
        _ handler: @escaping @isolated(any) @Sendable (First, Second) async throws -> Void
    ) -> Subscription {
        self.register(
            EventPattern(key.name), .init(scope: scope, wantsReplay: replay), async: AsyncTarget(handler),
            concurrency: concurrency)
    }

    /// Calls a handler for the next event of a key only.
    @discardableResult
    @inlinable
    public func once<First, Second>(
        _ key: EventKey<First, Second>, from scope: ListenerScope = .all,
        _ handler: @escaping @Sendable (First, Second) throws -> Void
    ) -> Subscription {
        self.register(EventPattern(key.name), .init(scope: scope, isOnce: true), sync: SyncTarget(handler))
    }

    /// Calls an asynchronous handler for the next event of a key only.
    @discardableResult
    @inlinable
    public func once<First, Second>(
        _ key: EventKey<First, Second>, from scope: ListenerScope = .all,
        _ handler: @escaping @isolated(any) @Sendable (First, Second) async throws -> Void
    ) -> Subscription {
        self.register(
            EventPattern(key.name), .init(scope: scope, isOnce: true), async: AsyncTarget(handler), concurrency: 1)
    }
}
