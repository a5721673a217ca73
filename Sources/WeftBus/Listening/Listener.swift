// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Synchronization

/// One registration.
final class Listener: Sendable {
    /// Calls the handler, unless the listener is one-time and spent.
    ///
    /// - Returns: Whether the handler was called.
    typealias SyncBody = @Sendable (Emission, Listener, EventBus) throws -> Bool
    /// The same for a handler that may suspend.
    typealias AsyncBody = @Sendable (Emission, Listener, EventBus) async throws -> Bool

    enum Handler: Sendable {
        case sync(SyncBody)
        case async(AsyncBody, Mailbox)
    }

    let subscription: Subscription
    let scope: ListenerScope
    let isOnce: Bool
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
    struct Options: Sendable {
        var scope = ListenerScope.all
        var isOnce = false
        var wantsReplay = false
    }

    /// Whether the handler may be called now; a one-time listener says so only once, whoever asks first.
    func claim() -> Bool {
        !self.isOnce || !self.isSpent.exchange(true, ordering: .acquiringAndReleasing)
    }
}
