// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import DequeModule
import Failpoints
import FoundationEssentials
import Logging
import WeftBus
import WeftProtocol
import ZeroMQ

extension Coordinator {
    /// Tells the dispatcher what happened, and queues what follows.
    func step(_ body: (inout Dispatcher, Moment) -> [DispatcherAction]) {
        guard var dispatcher = self.dispatcher else { return }
        // Taken out, so that changing it copies nothing.
        self.dispatcher = nil
        self.lookForHearers()
        dispatcher.announcesStarts = self.hearers.started || self.onEvent != nil
        let actions = body(&dispatcher, ProcessClock.now)
        self.dispatcher = dispatcher
        self.hastenTimer()
        guard !actions.isEmpty else { return }
        if let immediate = self.immediate {
            self.queue += actions
            self.queuedSteps += 1
            // Before the coordinator serves there is nobody who would hear why a write has failed.
            if !self.isPerforming, self.wake != nil { self.performNow(immediate) }
            return
        }
        let urgent = actions.filter { self.needsNoWrite($0) }
        if urgent.count < actions.count {
            self.queue += urgent.isEmpty ? actions : actions.filter { !self.needsNoWrite($0) }
            self.queuedSteps += 1
            self.wake?.yield()
        }
        for action in urgent { self.perform(action) }
    }

    /// Whether something must not wait behind a write, on which it does not depend.
    private func needsNoWrite(_ action: DispatcherAction) -> Bool {
        switch action {
        // Without pings a slow disk looks like a coordinator that is gone, and workers give up what they run.
        case .send(_, .ping): true
        // What is said again and again must not pile up while nothing can be written.
        case .announce(.progress): self.ledgerTrouble != nil
        default: false
        }
    }

    /// Performs what is queued, until the coordinator ends.
    func perform(_ wakeUps: AsyncStream<Void>) async throws {
        for await _ in wakeUps {
            self.isPerforming = true
            while !self.queue.isEmpty { try await self.performQueued() }
            self.isPerforming = false
            self.checkConditions()
        }
    }

    /// Performs what is queued with a ledger that need not be waited for.
    private func performNow(_ ledger: any ImmediateLedger) {
        self.isPerforming = true
        defer { self.isPerforming = false }
        while !self.queue.isEmpty {
            let changes = Self.changes(in: self.queue)
            if !changes.isEmpty, let epoch = self.dispatcher?.epoch {
                do {
                    Failpoint.hit(.ledgerWriteBefore)
                    try ledger.writeNow(changes, epoch: epoch)
                    Failpoint.hit(.ledgerWriteAfter)
                } catch {
                    // Whoever performs what is queued elsewhere meets the same, and ends the coordinator.
                    self.wake?.yield()
                    return
                }
            }
            self.performAll()
        }
        self.checkConditions()
    }

    private static func changes(in actions: [DispatcherAction]) -> [LedgerChange] {
        if actions.count == 1, case .persist(let changes)? = actions.first { return changes }
        var changes: [LedgerChange] = []
        for case .persist(let more) in actions {
            if changes.isEmpty { changes = more } else { changes += more }
        }
        return changes
    }

    /// Performs everything that is queued and has been written.
    private func performAll() {
        let actions = self.queue
        self.queue = []
        self.perform(actions, steps: self.queuedSteps, releases: self.takeReleases())
    }

    private func takeReleases() -> [String] {
        defer { if !self.releases.isEmpty { self.releases = [] } }
        return self.releases
    }

    private func perform(_ actions: [DispatcherAction], steps: UInt64, releases: [String]) {
        self.lookForHearers()
        for action in actions { self.perform(action) }
        self.performedSteps = steps
        self.answer()
        self.flow()
        for task in releases {
            for action in self.outbox.release(task, at: MonotonicTime.now) { self.perform(action) }
        }
    }

    /// Answers those whose tasks have been taken by what is performed now.
    private func answer() {
        while let first = self.answering.first, first.step <= self.performedSteps {
            self.answering.removeFirst()
            Failpoint.hit(.acceptAnswerBefore)
            first.continuation.resume(returning: first.answers)
        }
    }

    /// Hands over the ends of tasks that were submitted with many.
    private func flow() {
        guard !self.flowing.isEmpty else { return }
        let flowing = self.flowing
        self.flowing = []
        for (tag, records) in flowing {
            // Whoever has let go of the flow wants to hear no more of it.
            if let flow = self.flows[tag]?.flow { flow.append(records) } else { self.flows[tag] = nil }
        }
    }

    /// Performs what has piled up: all that is to be written goes into one write, then the rest follows in its order.
    ///
    /// A write that a later step asked for may so come before what an earlier step sends, which is only safer.
    private func performQueued() async throws {
        let actions = self.queue
        let steps = self.queuedSteps
        let releases = self.takeReleases()
        self.queue = []
        let changes = Self.changes(in: actions)
        if !changes.isEmpty { try await self.write(changes) }
        self.perform(actions, steps: steps, releases: releases)
        self.checkConditions()
    }

    /// Writes, as often as it takes: nothing is said about what is not written.
    private func write(_ changes: [LedgerChange]) async throws {
        guard let epoch = self.dispatcher?.epoch else { return }
        var pause = Duration.milliseconds(100)
        while true {
            do {
                Failpoint.hit(.ledgerWriteBefore)
                try await self.ledger.write(changes, epoch: epoch)
                Failpoint.hit(.ledgerWriteAfter)
                self.noteSuccess()
                return
            } catch let error as LedgerError where error.code == .superseded {
                throw TaskPlaneFailure(.superseded, "Another coordinator has taken the ledger: \(error)")
            } catch let error as LedgerError where error.code == .unavailable {
                self.noteTrouble(error)
                try await Task.sleep(for: pause)
                pause = min(pause * 2, .seconds(5))
            }
        }
    }

    func perform(_ action: DispatcherAction) {
        switch action {
        case .persist:
            break
        case .connect(let worker, let endpoint):
            self.connect(worker, endpoint)
        case .send(let worker, let message):
            self.send(message, to: worker)
        case .disconnect(let worker):
            if let link = self.links.removeValue(forKey: worker) { self.loop.close(link.socket) }
        case .report(let item):
            guard self.platform != nil else { return self.settled(item) }
            for action in self.outbox.add(item, at: MonotonicTime.now) { self.perform(action) }
        case .withdraw(let taskID, let reportID):
            self.outbox.withdraw(taskID: taskID, reportID: reportID)
        case .capacity(let agentID, let isBusy):
            self.platform?.setBusy(isBusy, agentID: agentID)
        case .announce(let event):
            self.announce(event)
        }
    }

    private func announce(_ event: TaskEvent) {
        switch event {
        case .accepted(let id):
            Failpoint.hit(.acceptAnswerBefore)
            self.acceptance(of: id)?.resume(returning: .queued)
        case .repeated(let id, let state):
            self.acceptance(of: id)?.resume(returning: state)
        case .requeued(let id):
            self.acceptance(of: id)?.resume(returning: .queued)
        case .dropped(let id):
            self.acceptance(of: id)?.resume(returning: .dead)
        case .conflict(let id, let state):
            self.logger.warning(
                "Another task came under the id of one that is known; the first one counts",
                metadata: ["task.id": "\(id)", "task.state": "\(state.rawValue)"])
        case .clockJumped(let seconds):
            self.logger.warning(
                "The wall clock was put; nothing is begun or ended by that", metadata: ["clock.jump": "\(seconds) s"])
        case .refused(let id, let refusal):
            self.logger.warning("Task refused", metadata: ["task.id": "\(id)", "reason": "\(refusal)"])
            self.acceptance(of: id)?.resume(throwing: refusal)
        case .workerJoined(let worker, let name, let slots):
            self.logger.info(
                "Worker joined",
                metadata: ["worker.id": "\(worker)", "worker.name": "\(name)", "worker.slots": "\(slots)"])
        case .workerLeft(let worker, let name, let reason, let returned):
            self.logger.info(
                "Worker left",
                metadata: [
                    "worker.id": "\(worker)", "worker.name": "\(name)", "reason": "\(reason)",
                    "tasks.returned": "\(returned)",
                ])
        case .workerRefused(let worker, let reason):
            self.logger.warning("Worker refused", metadata: ["worker.id": "\(worker)", "reason": "\(reason)"])
        case .ended(let record, let tag):
            self.ended(record.task.id)
            if !self.endWaiters.isEmpty {
                for waiter in self.endWaiters.removeValue(forKey: record.task.id) ?? [] {
                    waiter.continuation.resume(returning: record)
                }
            }
            guard tag != 0 else { break }
            if let last = self.flowing.indices.last, self.flowing[last].tag == tag {
                self.flowing[last].records.append(record)
            } else {
                self.flowing.append((tag, [record]))
            }
        case .progress(let id, let attempt, let value):
            self.progressed(id, attempt: attempt, value)
        case .retrying(let id, _, _, _):
            self.ended(id)
        case .started:
            break
        }
        self.emit(event)
        self.onEvent?(event)
    }

    private func ended(_ id: String) {
        if self.progress.count > 0 { self.perform(self.progress.ended(id)) }
    }

    private func acceptance(of id: String) -> CheckedContinuation<TaskState, any Error>? {
        guard !self.acceptances.isEmpty, let index = self.acceptances.index(forKey: id) else { return nil }
        let acceptance = self.acceptances.values[index].popFirst()
        if self.acceptances.values[index].isEmpty { self.acceptances.remove(at: index) }
        return acceptance
    }

    // MARK: - Links

    func connect(_ worker: NodeID, _ endpoint: String) {
        let key = self.security?.key(of: worker)
        if let link = self.links[worker] {
            guard link.endpoint != endpoint || link.key != key else { return }
            self.loop.close(link.socket)
            self.links[worker] = nil
        }
        do throws(ZeroMQError) {
            var options = Socket.Options()
            options.maximumMessageSize = TaskDefaults.maximumFrameBytes
            // Room for a window, and for the pings of a lease's time: credit, and not this, is the flow control.
            options.sendHighWaterMark = 10_000
            options.reconnectIntervalMaximum = .seconds(1)
            let socket = try Socket(.push, in: self.loop.context, options: options)
            if let security = self.security {
                guard let key else { throw ZeroMQError(.invalidKey, "its key is not trusted") }
                try security.secure(client: socket, to: key)
            }
            try socket.connect(try Endpoint(advertised: endpoint))
            let id = try self.loop.add(socket) { id in
                SocketHandlers(onEvents: { [weak self] events in
                    self?.assumeIsolated { $0.linkChanged(events, of: id, to: worker) }
                })
            }
            self.links[worker] = DispatchLink(socket: id, endpoint: endpoint, key: key)
        } catch {
            self.logger.warning(
                "A worker cannot be reached", metadata: ["worker.id": "\(worker)", "error": "\(error)"])
            self.step { dispatcher, now in dispatcher.lost(worker, reason: "it cannot be dialled", at: now) }
        }
    }

    private func send(_ message: CoordinatorMessage, to worker: NodeID) {
        guard let link = self.links[worker], let epoch = self.dispatcher?.epoch else { return }
        let failpoints = message.failpoints
        if let failpoints { Failpoint.hit(failpoints.before) }
        let result = self.loop.send(TaskFrame.encode(message, to: worker, epoch: epoch), on: link.socket)
        if let failpoints { Failpoint.hit(failpoints.after) }
        guard !result.isSent else { return }
        // Within the credit a send cannot block, so something is wrong with the link.
        self.blockedSends += 1
        self.logger.warning(
            "A dispatch link does not take more", metadata: ["worker.id": "\(worker)", "result": "\(result)"])
        self.step { dispatcher, now in dispatcher.connectionClosed(worker, at: now) }
    }

    func received(_ messages: [Message]) {
        var received: [(message: WorkerMessage, worker: NodeID)] = []
        received.reserveCapacity(messages.count)
        for message in messages {
            do throws(TaskPlaneError) {
                let (content, worker) = try TaskFrame.decodeWorkerMessage(message.first[...])
                guard self.isOwn(content, of: worker, from: message.userID) else { continue }
                switch content {
                case .result, .results: Failpoint.hit(.resultReceiveBefore)
                default: break
                }
                received.append((content, worker))
            } catch {
                self.badFrames += 1
                self.logger.debug("Frame skipped", metadata: ["error": "\(error)"])
            }
        }
        // Together, so that they are decided, written and answered together.
        if !received.isEmpty { self.step { dispatcher, now in dispatcher.received(received, at: now) } }
    }

    // MARK: - Conditions

    /// Waits until something holds, or the time is over.
    func waitUntil(within limit: Duration, _ holds: @escaping @Sendable (isolated Coordinator) -> Bool) async -> Bool {
        guard !holds(self) else { return true }
        guard self.phase != .stopped else { return false }
        return await withCheckedContinuation { continuation in
            self.conditions.append(
                CoordinatorCondition(
                    holds: holds, deadline: MonotonicTime.now + limit, continuation: continuation))
        }
    }

    func checkConditions() {
        guard !self.conditions.isEmpty else { return }
        let now = MonotonicTime.now
        var left: [CoordinatorCondition] = []
        for condition in self.conditions {
            if condition.holds(self) {
                condition.continuation.resume(returning: true)
            } else if condition.deadline <= now {
                condition.continuation.resume(returning: false)
            } else {
                left.append(condition)
            }
        }
        self.conditions = left
    }
}

extension CoordinatorMessage {
    /// Where a test may crash around the sending; nil for messages whose loss another one makes good.
    fileprivate var failpoints: (before: Failpoint, after: Failpoint)? {
        switch self {
        case .dispatch: (.dispatchSendBefore, .dispatchSendAfter)
        case .acknowledged: (.acknowledgeSendBefore, .acknowledgeSendAfter)
        case .welcome, .ping, .superseded, .cancel, .drain: nil
        }
    }
}
