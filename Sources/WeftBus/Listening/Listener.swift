// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Synchronization

/// One registration.
@usableFromInline
final class Listener: Sendable {
    /// Calls the handler, unless the listener is one-time and spent.
    ///
    /// - Returns: Whether the handler was called.
    @usableFromInline typealias SyncBody = @Sendable (Emission, Listener, EventBus) throws -> Bool
    /// The same for a handler that may suspend.
    @usableFromInline typealias AsyncBody = @Sendable (Emission, Listener, EventBus) async throws -> Bool

    enum Handler: Sendable {
        case sync(SyncBody)
        case async(AsyncBody, Mailbox)
    }

    let subscription: Subscription
    let scope: ListenerScope
    @usableFromInline let isOnce: Bool
    let wantsReplay: Bool
    let handler: Handler
    /// For a one-time listener: whether it has been called or removed.
    private let isSpent = Atomic(false)

    private static let lastID = Atomic<UInt64>(0)

    var id: UInt64 { self.subscription.id }
    var pattern: EventPattern { self.subscription.pattern }

    init(pattern: EventPattern, options: Options, handler: Handler) {
        self.subscription = Subscription(
            id: Self.lastID.add(1, ordering: .relaxed).newValue, pattern: pattern)
        self.scope = options.scope
        self.isOnce = options.isOnce
        self.wantsReplay = options.wantsReplay
        self.handler = handler
    }

    /// How a listener was registered.
    @usableFromInline
    struct Options: Sendable {
        var scope: ListenerScope
        var isOnce: Bool
        var wantsReplay: Bool

        @usableFromInline
        init(scope: ListenerScope = .all, isOnce: Bool = false, wantsReplay: Bool = false) {
            self.scope = scope
            self.isOnce = isOnce
            self.wantsReplay = wantsReplay
        }
    }

    /// Whether the handler may be called now; a one-time listener says so only once, whoever asks first.
    func claim() -> Bool {
        !self.isOnce || !self.isSpent.exchange(true, ordering: .acquiringAndReleasing)
    }
}
