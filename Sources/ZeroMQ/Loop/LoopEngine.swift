// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

internal import CZeroMQ
internal import Synchronization

/// The loop's thread and what only it touches.
///
/// It holds no reference to the ``SocketLoop``: it ends when the last actor has let go of that.
final class LoopEngine {
    private static let keptCapacity = 65_536

    let configuration: SocketLoop.Configuration
    let inbox: LoopInbox
    var executor: UnownedSerialExecutor?
    weak var loop: SocketLoop?
    var entries: [SocketID: LoopEntry] = [:]
    var timers = LoopTimers()
    var statistics = SocketLoop.Statistics()
    private var poller: Poller
    private var dirty: [LoopEntry] = []
    private var processing: [LoopEntry] = []
    private var work: [LoopInbox.Work] = []
    private var tokens: [UInt64] = []
    private var nextSweep: UInt64 = 0
    private let scratch: UnsafeMutablePointer<zmq_msg_t>

    init(configuration: SocketLoop.Configuration, inbox: LoopInbox) throws(ZeroMQError) {
        self.configuration = configuration
        self.inbox = inbox
        var poller = try Poller()
        try poller.add(inbox.readable, token: 0)
        self.poller = poller
        self.scratch = .allocate(capacity: 1)
        self.scratch.initialize(to: zmq_msg_t())
        zmq_msg_init(self.scratch)
    }

    deinit {
        zmq_msg_close(self.scratch)
        self.scratch.deallocate()
    }

    // MARK: The turn

    func run() {
        self.inbox.thread.store(SystemThread.current, ordering: .relaxed)
        self.nextSweep = MonotonicClock.deadline(after: self.configuration.sweepInterval)
        var started = MonotonicClock.now()
        while self.runWork() {
            self.statistics.turns &+= 1
            self.fireTimers()
            self.processDirty()
            let elapsed = Duration.nanoseconds(Int64(clamping: MonotonicClock.now() &- started))
            self.statistics.maximumTurn = max(self.statistics.maximumTurn, elapsed)
            self.rest()
            started = MonotonicClock.now()
        }
        self.closeAll()
        self.inbox.thread.store(0, ordering: .relaxed)
    }

    /// Runs what was handed in.
    ///
    /// - Returns: Whether to go on: false when nobody can hand in anything any more.
    private func runWork() -> Bool {
        let isFinished = self.inbox.take(&self.work)
        guard !self.work.isEmpty else { return !isFinished }
        // The last actor may go while its last job runs, and the loop with it; keep it until the job has returned.
        let loop = self.loop
        self.statistics.work &+= UInt64(self.work.count)
        for item in self.work {
            switch item {
            case .job(let job): if let executor = self.executor { job.runSynchronously(on: executor) }
            case .closure(let closure): closure()
            }
        }
        // The two arrays change places on each turn, so neither is allocated anew; a burst's is given back.
        self.work.removeAll(keepingCapacity: self.work.capacity <= LoopEngine.keptCapacity)
        withExtendedLifetime(loop) {}
        return true
    }

    private func fireTimers() {
        guard self.timers.count > 0 else { return }
        let now = MonotonicClock.now()
        while let (deadline, action) = self.timers.popDue(by: now) {
            self.statistics.lag = .nanoseconds(Int64(clamping: MonotonicClock.now() &- deadline))
            self.statistics.maximumLag = max(self.statistics.maximumLag, self.statistics.lag)
            action()
        }
    }

    /// Looks at each socket that has something or was used, and drains each by one budget.
    private func processDirty() {
        swap(&self.dirty, &self.processing)
        for entry in self.processing {
            entry.isDirty = false
            self.process(entry)
        }
        self.processing.removeAll(keepingCapacity: true)
    }

    private func rest() {
        self.statistics.sockets = self.entries.count
        var pause: Duration? = .zero
        let isIdle = self.dirty.isEmpty && self.inbox.prepareToSleep(self.statistics)
        if isIdle { pause = self.pause() }
        self.tokens.removeAll(keepingCapacity: true)
        self.poller.wait(for: pause, into: &self.tokens)
        self.inbox.didWake(signalled: self.tokens.contains(0))
        for token in self.tokens where token != 0 {
            if let entry = self.entries[SocketID(rawValue: token)] { self.markDirty(entry) }
        }
        if isIdle, self.tokens.isEmpty, MonotonicClock.now() >= self.nextSweep { self.sweep() }
    }

    /// How long to sleep: until the next timer or the next sweep; nil for until something happens.
    private func pause() -> Duration? {
        let now = MonotonicClock.now()
        let next = min(self.timers.next ?? .max, self.entries.isEmpty ? .max : self.nextSweep)
        guard next != .max else { return nil }
        return next > now ? .nanoseconds(Int64(clamping: next - now)) : .zero
    }

    // MARK: Sockets

    func markDirty(_ entry: LoopEntry) {
        guard !entry.isDirty, !entry.isClosed else { return }
        entry.isDirty = true
        self.dirty.append(entry)
    }

    /// Takes a socket in; its monitor, if one is asked for, first, so that no event is missed.
    func insert(_ entry: LoopEntry) throws(ZeroMQError) {
        guard let holder = entry.holder else { return }
        entry.readsUserID = try holder.socket.get(.mechanism) != ZMQ_NULL
        entry.descriptor = Int32(clamping: try holder.socket.get(SocketOption<Int>.int32(ZMQ_FD, "FD")))
        try self.poller.add(entry.descriptor, token: entry.id.rawValue)
        self.entries[entry.id] = entry
        self.markDirty(entry)
    }

    func close(_ id: SocketID) {
        guard let entry = self.entries.removeValue(forKey: id) else { return }
        if let monitor = entry.monitor {
            // On this thread and before the socket goes, or libzmq 4.3.4 may write to a monitor that is being closed.
            zmq_socket_monitor(entry.handle, nil, 0)
            self.close(monitor)
        }
        self.poller.remove(entry.descriptor)
        entry.handlers = SocketHandlers()
        entry.holder = nil
    }

    func closeAll() {
        for id in self.entries.keys.sorted() { self.close(id) }
        self.timers.removeAll()
        self.dirty.removeAll()
    }

    func send(_ id: SocketID, _ transfer: (UnsafeMutableRawPointer) -> RawTransfer.Outcome) -> SendResult {
        guard let entry = self.entries[id] else {
            return .failed(ZeroMQError(.closed, "\(id) is closed"))
        }
        self.markDirty(entry)
        switch transfer(entry.handle) {
        case .done:
            self.statistics.sent &+= 1
            return .sent
        case .failed(ZeroMQError.again):
            self.statistics.refused &+= 1
            return .wouldBlock
        case .failed(let number):
            return .failed(ZeroMQError.make(number: number, doing: "send a message on a \(entry.kind) socket"))
        }
    }

    private func events(_ entry: LoopEntry) -> Int32 {
        var events: Int32 = 0
        var size = MemoryLayout<Int32>.size
        while zmq_getsockopt(entry.handle, ZMQ_EVENTS, &events, &size) != 0 {
            guard zmq_errno() == ZeroMQError.interruptedCall else {
                // The context is ending. It waits for its sockets, and the descriptor would stay readable.
                self.close(entry.id)
                return 0
            }
        }
        return events
    }

    private func process(_ entry: LoopEntry) {
        guard !entry.isClosed else { return }
        let events = self.events(entry)
        if events & Int32(ZMQ_POLLIN) != 0, !entry.isPaused { self.drain(entry) }
        guard entry.wantsWritable, !entry.isClosed, entry.kind != .pub, entry.kind != .xpub else { return }
        // Asked again: draining may have consumed the edge that said so.
        guard self.events(entry) & Int32(ZMQ_POLLOUT) != 0 else { return }
        entry.wantsWritable = false
        entry.handlers.onWritable?()
    }

    /// A publisher may try again.
    func retryIsDue(_ id: SocketID) {
        guard let entry = self.entries[id], entry.wantsWritable else { return }
        entry.wantsWritable = false
        entry.handlers.onWritable?()
    }

    private func drain(_ entry: LoopEntry) {
        guard entry.handlers.onMessages != nil || entry.monitored != nil else { return }
        var batch: [Message] = []
        var bytes = 0
        var message = Message([])
        while true {
            let outcome = RawTransfer.receive(
                from: entry.handle, scratch: self.scratch, flags: ZMQ_DONTWAIT, readsUserID: entry.readsUserID,
                into: &message)
            guard case .done = outcome else { break }
            bytes += message.byteCount
            batch.append(message)
            if batch.count >= self.configuration.messageBudget || bytes >= self.configuration.byteBudget {
                self.markDirty(entry)  // more may be there: the next turn looks again
                break
            }
        }
        self.statistics.received &+= UInt64(batch.count)
        guard !batch.isEmpty else { return }
        if let monitored = entry.monitored {
            self.entries[monitored]?.handlers.onEvents?(batch.compactMap(MonitorEvent.init))
        } else {
            entry.handlers.onMessages?(batch)
        }
    }

    /// Looks for sockets that have something but did not say so: a guard against a mistake of this loop or of libzmq.
    private func sweep() {
        self.nextSweep = MonotonicClock.deadline(after: self.configuration.sweepInterval)
        for entry in [LoopEntry](self.entries.values) where !entry.isPaused && !entry.isClosed {
            guard entry.handlers.onMessages != nil || entry.monitored != nil else { continue }
            guard !Poller.isReadable(entry.descriptor) else {
                self.markDirty(entry)
                continue
            }
            let asked = MonotonicClock.now()
            guard self.events(entry) & Int32(ZMQ_POLLIN) != 0 else { continue }
            // It may have arrived between the two questions. Only when no time has passed that is unlikely.
            if MonotonicClock.now() &- asked < 20_000 { self.statistics.missedEdges &+= 1 }
            self.markDirty(entry)
        }
    }
}
