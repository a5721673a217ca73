// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FuzzKit
import WeftBus
import WeftProtocol
import WeftValue

/// A coordinator with its ledger, and what its workers have been sent, which what they say may refer to.
struct FuzzedCoordinator {
    enum Step: UInt8, CaseIterable {
        case tick, register, heartbeat, answer, returned, accept, frame, cancel, closed, lost, requeue, restart, reports
        case drain, jump
    }

    private static let workers = (UInt8(0)..<4).compactMap { NodeID(bytes: [UInt8](repeating: $0, count: 16)) }

    private var dispatcher: Dispatcher
    private var now = Moment(
        monotonic: MonotonicTime(nanoseconds: 1_000_000_000), date: Date(timeIntervalSince1970: 1_800_000_000))
    private var epoch: UInt64 = 1
    private var ledger: [String: TaskRecord] = [:]
    private var reports: [ReportItem] = []
    /// What workers were dealt, the newest last.
    private var dealt: [TaskReference] = []
    private let configuration: DispatcherConfiguration

    init(_ source: inout ByteSource) {
        let flags = source.byte()
        var configuration = DispatcherConfiguration()
        configuration.maximumUnfinished = 20
        configuration.recentlyFinished = 4
        configuration.maximumWorkers = 3
        if flags & 1 != 0 {
            configuration.maximumRunning = 2
            configuration.defaultQueue.maximumRunningPerKey = 1
            configuration.queues["q1"] = QueueConfiguration(weight: 3, maximumRunning: 1, rate: 0.5, burst: 2)
        }
        if flags & 2 != 0 {
            configuration.retry.handlerAttempts = 3
            configuration.agents = ["agent"]
        }
        self.configuration = configuration
        self.dispatcher = Dispatcher(
            configuration: configuration, state: LedgerState(epoch: TaskEpoch(ledgerID: "L", counter: 1)), seed: 5,
            now: self.now)
    }

    mutating func step(_ source: inout ByteSource) {
        let worker = Self.workers[source.below(Self.workers.count)]
        switch Step.allCases[source.below(Step.allCases.count)] {
        case .tick: self.tick(after: .milliseconds(250 * Int(source.byte())))
        case .register:
            let registration = WorkerRegistration(
                name: "w", slots: 1 + source.below(TaskDefaults.maximumSlots), agents: source.bool() ? ["agent"] : [],
                queues: source.bool() ? ["q1"] : [], endpoint: "tcp://127.0.0.1:1", session: source.number(),
                isDraining: source.byte() & 7 == 7, held: self.references(&source))
            self.receive(.register(registration), from: worker)
        case .heartbeat:
            self.receive(
                .heartbeat(
                    WorkerHeartbeat(sequence: source.number(), ping: source.number(), held: self.references(&source))),
                from: worker)
        case .answer: self.answer(from: worker, &source)
        case .returned:
            let references = self.references(&source)
            self.receive(source.bool() ? .goodbye(returned: references) : .draining(returned: references), from: worker)
        case .accept: self.accept(&source)
        case .frame:
            if let read = try? TaskFrame.decodeWorkerMessage(source.block()[...]) {
                self.receive(read.message, from: source.bool() ? worker : read.worker)
            }
        case .cancel:
            let id = "t\(source.below(24))"
            self.perform(self.dispatcher.cancel(id, reason: "no", byPlatform: source.bool(), at: self.now))
        case .closed: self.perform(self.dispatcher.connectionClosed(worker, at: self.now))
        case .lost:
            self.perform(self.dispatcher.lost(worker, reason: "gone", at: self.now))
            self.perform(self.dispatcher.neverReturns(worker, reason: "gone", at: self.now))
        case .requeue:
            guard let record = self.ledger["t\(source.below(24))"] else { return }
            let actions =
                source.bool()
                ? self.dispatcher.requeue(record, at: self.now) : self.dispatcher.drop(record, at: self.now)
            self.perform(actions)
        case .restart: self.restart(&source)
        case .reports:
            guard let item = self.reports.popLast() else { return }
            self.perform(self.dispatcher.reportSettled(item, at: self.now))
        case .drain:
            switch source.byte() {
            case 0xFF: self.perform(self.dispatcher.abandonAll(reason: "over", at: self.now))
            case 0xFE: self.perform(self.dispatcher.drain(dealsOn: source.bool(), at: self.now))
            default: self.perform(self.dispatcher.drainWorker(worker, at: self.now))
            }
        case .jump: self.now.date = self.date(&source)
        }
    }

    mutating func end() {
        for seconds in [1, 5, 20, 400, 100_000] { self.tick(after: .seconds(seconds)) }
        _ = (self.dispatcher.workerSummaries(at: self.now), self.dispatcher.begun(agentID: "agent"))
    }

    private mutating func tick(after pause: Duration) {
        self.now = self.now + pause
        self.perform(self.dispatcher.tick(at: self.now))
    }

    private mutating func receive(_ message: WorkerMessage, from worker: NodeID) {
        self.perform(self.dispatcher.received(message, from: worker, at: self.now))
    }

    private mutating func answer(from worker: NodeID, _ source: inout ByteSource) {
        guard let reference = self.reference(&source) else { return }
        switch source.below(8) {
        case 0: self.receive(.started([reference]), from: worker)
        case 1: self.receive(.result(reference, .completed(TaskResult("done"))), from: worker)
        case 2: self.receive(.result(reference, .failed(TaskFailure("no"))), from: worker)
        case 3: self.receive(.result(reference, .failed(TaskFailure("no", retry: .never))), from: worker)
        case 4:
            let date = source.bool() ? self.date(&source) : nil
            self.receive(.result(reference, .failed(TaskFailure("later", retry: .at(date)))), from: worker)
        case 5: self.receive(.result(reference, .cancelled(reason: "asked")), from: worker)
        case 6: self.receive(.progress(reference, .int(1)), from: worker)
        default:
            self.receive(
                .result(reference, .completed(TaskResult(.double(.nan), status: "odd", tokens: .uint(.max)))),
                from: worker)
        }
    }

    private mutating func accept(_ source: inout ByteSource) {
        let id = "t\(source.below(24))"
        let flags = source.byte()
        var task = TaskSubmission(id: id, payload: .null)
        if flags & 1 != 0 { task.queue = "q\(source.below(3))" }
        if flags & 2 != 0 { task.priority = Int(Int64(bitPattern: source.number())) }
        if flags & 4 != 0 { task.notBefore = self.date(&source) }
        if flags & 8 != 0 { task.waitLimit = .microseconds(Int64(source.number() >> 1)) }
        if flags & 16 != 0 { task.timeLimit = .microseconds(Int64(source.number() >> 1)) }
        if flags & 32 != 0 { task.totalLimit = .microseconds(Int64(source.number() >> 1)) }
        if flags & 32 != 0 { task.attempts = Int(clamping: source.number()) }
        if flags & 64 != 0 { task.after = ["t\(source.below(24))"] }
        if flags & 128 != 0 {
            task.source = .platform
            task.agentID = "agent"
        }
        let predecessors = Dictionary(
            uniqueKeysWithValues: task.after.compactMap { id in self.ledger[id].map { (id, $0) } })
        let stored = self.dispatcher.mustLookUp(id) ? self.ledger[id] : nil
        self.perform(self.dispatcher.accept(task, stored: stored, predecessors: predecessors, at: self.now))
    }

    /// Another coordinator, with the ledger as it is, or with one task as nobody would have written it.
    private mutating func restart(_ source: inout ByteSource) {
        self.epoch += 1
        if source.bool(),
            var record = self.ledger.values.filter({ !$0.status.state.isFinal }).min(by: { $0.task.id < $1.task.id })
        {
            let counts = (0..<4).map { _ in Int(source.number() % 1_000_000_001) }
            record.status.attempt = counts[0]
            record.status.handlerFailures = counts[1]
            record.status.workerLosses = counts[2]
            record.status.returns = counts[3]
            record.status.acceptedAt = self.date(&source)
            record.status.attemptStartedAt = source.bool() ? self.date(&source) : nil
            record.status.notBefore = source.bool() ? self.date(&source) : nil
            record.status.waitsSince = source.bool() ? self.date(&source) : nil
            record.status.endsBy = source.bool() ? self.date(&source) : nil
            record.status.worker = source.bool() ? Self.workers[source.below(4)] : nil
            record.status.state = [.queued, .leased, .running, .retrying][source.below(4)]
            self.ledger[record.task.id] = record
        }
        let state = LedgerState(
            epoch: TaskEpoch(ledgerID: "L", counter: self.epoch),
            unfinished: self.ledger.values.filter { !$0.status.state.isFinal }.sorted { $0.task.id < $1.task.id },
            reports: self.reports)
        self.dispatcher = Dispatcher(configuration: self.configuration, state: state, seed: self.epoch, now: self.now)
        self.perform(self.dispatcher.begin(state, at: self.now))
    }

    private mutating func perform(_ actions: [DispatcherAction]) {
        for action in actions {
            switch action {
            case .persist(let changes): for change in changes { self.write(change) }
            case .send(let worker, let message):
                let frame = TaskFrame.encode(message, to: worker, epoch: self.dispatcher.epoch)
                expect(
                    (try? TaskFrame.decodeCoordinatorMessage(frame[...]))?.worker == worker,
                    "what is sent can be read: \(message)")
                if case .dispatch(let requests) = message {
                    for request in requests {
                        self.dealt.append(
                            TaskReference(id: request.id, attempt: request.attempt, epoch: self.dispatcher.epoch))
                    }
                    if self.dealt.count > 64 { self.dealt.removeFirst(self.dealt.count - 64) }
                }
            case .report(let item):
                self.reports.append(item)
                if self.reports.count > 64 { self.reports.removeFirst() }
            default: break
            }
        }
        let held = self.dispatcher.heldCount
        expect(held >= 0 && held <= self.dispatcher.unfinishedCount, "no more is held than there is")
        expect(self.dispatcher.unfinishedCount <= self.configuration.maximumUnfinished + 24, "what waits is bounded")
        expect(self.dispatcher.workerSummaries(at: self.now).count <= self.configuration.maximumWorkers, "workers, too")
    }

    private mutating func write(_ change: LedgerChange) {
        switch change {
        case .accepted(let record):
            self.ledger[record.task.id] = record
            expect((try? TaskRecord(value: record.value)) != nil, "what is accepted can be read: \(record)")
        case .status(let id, let status):
            guard let before = self.ledger[id] else { return expect(false, "\(id) is in the ledger") }
            // T2: an outcome stays, unless somebody requeues the task.
            expect(
                !before.status.state.isFinal || status.requeues > before.status.requeues, "\(id) ends once")
            self.ledger[id]?.status = status
            let again = try? LedgerStatus(value: status.value)
            expect(again != nil, "what is written can be read: \(status)")
        case .removed(let id): self.ledger[id] = nil
        case .report, .reported: break
        }
    }

    private func date(_ source: inout ByteSource) -> Date {
        switch source.below(4) {
        case 0: self.now.date.addingTimeInterval(Double(source.byte()) - 100)
        case 1: Date(timeIntervalSince1970: Double(Int64(bitPattern: source.number())))
        case 2: Date(timeIntervalSinceReferenceDate: -9.0e15)
        default: Date(timeIntervalSinceReferenceDate: 9.0e15)
        }
    }

    private func reference(_ source: inout ByteSource) -> TaskReference? {
        guard !self.dealt.isEmpty else { return nil }
        var reference = self.dealt[self.dealt.count - 1 - source.below(self.dealt.count)]
        switch source.byte() {
        case 0xFF: reference.attempt = max(1, Int(clamping: source.number()))  // no other is read from a frame
        case 0xFE: reference.epoch.counter = source.number() >> 1  // as above
        case 0xFD: reference.epoch.ledgerID = "M"
        default: break
        }
        return reference
    }

    private func references(_ source: inout ByteSource) -> [TaskReference] {
        (0..<source.below(6)).compactMap { _ in self.reference(&source) }
    }
}
