// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking
import ZeroMQ

/// What other threads can ask a node's core to do on its loop, as long as it runs.
final class NodeSignals: Sendable {
    /// What each signal runs; nothing before the core has started and after it has stopped, so that nothing holds it.
    private struct Handlers {
        var drain: (@Sendable () -> Void)?
        var room: (@Sendable () -> Void)?
        var progress: (@Sendable () -> Void)?
    }

    private let handlers: Locked<Handlers>
    /// There is something in the outbox.
    let drain: LoopSignal
    /// The delivery queue has room again.
    let room: LoopSignal
    /// Events have been handed to the bus.
    let progress: LoopSignal

    init(loop: SocketLoop) {
        let handlers = Locked(Handlers())
        self.handlers = handlers
        self.drain = loop.makeSignal { handlers.withLock { $0.drain }?() }
        self.room = loop.makeSignal { handlers.withLock { $0.room }?() }
        self.progress = loop.makeSignal { handlers.withLock { $0.progress }?() }
    }

    func connect(
        drain: @escaping @Sendable () -> Void, room: @escaping @Sendable () -> Void,
        progress: @escaping @Sendable () -> Void
    ) {
        self.handlers.withLock { $0 = Handlers(drain: drain, room: room, progress: progress) }
        self.drain.raise()
    }

    func disconnect() {
        self.handlers.withLock { $0 = Handlers() }
    }
}
