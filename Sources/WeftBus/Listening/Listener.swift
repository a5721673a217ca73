// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Synchronization

/// One registration.
@usableFromInline
final class Listener: Sendable {
    enum Handler: Sendable {
        case sync(SyncTarget)
        case async(AsyncTarget, Mailbox)
    }

    let subscription: Subscription
    let scope: ListenerScope
    @usableFromInline let isOnce: Bool
    let wantsReplay: Bool
    let handler: Handler
    /// The handler again, for those who know its type.
    @usableFromInline let target: (any AnyObject & Sendable)?
    /// Whether this node's own events are asked for.
    @usableFromInline let isForLocal: Bool
    let isForRemote: Bool
    private let isGone = Atomic(false)
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
        self.isForLocal = options.scope.accepts(isRemote: false)
        self.isForRemote = options.scope.accepts(isRemote: true)
        switch handler {
        case .sync(let target): self.target = target.object
        case .async(let target, _): self.target = target.object
        }
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

    /// Whether the registration still stands, for those who found it a while ago.
    var isRegistered: Bool { !self.isGone.load(ordering: .relaxed) }

    /// The registration has ended: a one-time handler is not called any more by an emit that has begun, nor any handler by
    /// the rest of a batch.
    func end() {
        self.isGone.store(true, ordering: .relaxed)
        _ = self.claim()
    }
}
