// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FuzzKit
import WeftBus
import WeftProtocol
import WeftValue

/// A worker and what it runs, which what is said to it may refer to.
struct FuzzedWorker {
    enum Step: UInt8, CaseIterable {
        case tick, found, welcome, dispatch, ping, acknowledged, superseded, cancel, drain, frame, finished, progressed
        case closed, lost, opened, leave
    }

    private static let id = NodeID(bytes: [UInt8](repeating: 9, count: 16))

    private var machine: WorkerMachine
    private let id: NodeID
    private var now = Moment(
        monotonic: MonotonicTime(nanoseconds: 1_000_000_000), date: Date(timeIntervalSince1970: 1_800_000_000))
    /// What runs: the handlers that must tell their end.
    private var running: [(id: String, attempt: Int)] = []
    private var known: [TaskReference] = []

    init(_ source: inout ByteSource) {
        self.id = Self.id ?? .random()
        self.machine = WorkerMachine(
            id: self.id, configuration: .init(name: "w", slots: 1 + source.below(4), endpoint: "tcp://127.0.0.1:1"),
            now: self.now)
    }

    mutating func step(_ source: inout ByteSource) {
        switch Step.allCases[source.below(Step.allCases.count)] {
        case .tick: self.tick(after: .milliseconds(250 * Int(source.byte())))
        case .found:
            let epoch = source.bool() ? self.epoch(&source) : nil
            self.perform(self.machine.coordinatorFound(endpoint: "tcp://127.0.0.1:2", epoch: epoch, at: self.now))
        case .welcome:
            let epoch = self.epoch(&source)
            self.receive(
                .welcome(
                    WorkerWelcome(
                        epoch: epoch, lease: .microseconds(Int64(source.number() % 1_000_000_000_000_001)),
                        heartbeat: .microseconds(Int64(source.number() % 1_000_000_000_000_001)),
                        kept: self.references(&source))),
                epoch)
        case .dispatch:
            let epoch = self.epoch(&source)
            var requests: [TaskRequest] = []
            for _ in 0...source.below(3) {
                let attempt = 1 + Int(source.number() % 1_000_000_000)
                var request = TaskRequest(id: "t\(source.below(8))", attempt: attempt, source: .submit, payload: .null)
                if source.bool() { request.timeLimit = .microseconds(Int64(source.number() % 1_000_000_000_000_001)) }
                if source.bool() {
                    request.deadline = Date(timeIntervalSinceReferenceDate: Double(Int64(bitPattern: source.number())))
                }
                requests.append(request)
                self.known.append(TaskReference(id: request.id, attempt: attempt, epoch: epoch))
                if self.known.count > 64 { self.known.removeFirst() }
            }
            self.receive(.dispatch(requests), epoch)
        case .ping: self.receive(.ping(number: source.number(), heard: source.number()), self.epoch(&source))
        case .acknowledged: self.receive(.acknowledged(self.references(&source)), self.epoch(&source))
        case .superseded: self.receive(.superseded(self.references(&source)), self.epoch(&source))
        case .cancel:
            let epoch = self.epoch(&source)
            if let reference = self.reference(&source) { self.receive(.cancel(reference, reason: "no"), epoch) }
        case .drain:
            if source.bool() {
                self.receive(.drain, self.epoch(&source))
            } else {
                self.perform(self.machine.drain(at: self.now))
            }
        case .frame:
            guard let read = try? TaskFrame.decodeCoordinatorMessage(source.block()[...]) else { return }
            let worker = source.bool() ? self.id : read.worker
            self.perform(self.machine.received(read.message, for: worker, epoch: read.epoch, at: self.now))
        case .finished:
            guard !self.running.isEmpty else { return }
            let (id, attempt) = self.running.remove(at: source.below(self.running.count))
            let outcome: TaskOutcome =
                [.completed(TaskResult("r")), .failed(TaskFailure("no")), .cancelled(reason: "asked")][source.below(3)]
            self.perform(self.machine.finished(id: id, attempt: attempt, outcome, at: self.now))
        case .progressed:
            guard let running = self.running.last else { return }
            self.perform(self.machine.progressed(id: running.id, attempt: running.attempt, .int(1), at: self.now))
        case .closed: self.perform(self.machine.connectionClosed(at: self.now))
        case .lost: self.perform(self.machine.coordinatorLost(at: self.now))
        case .opened: self.perform(self.machine.connectionOpened(at: self.now))
        case .leave:
            switch source.byte() {
            case 0xFF: self.perform(self.machine.leave(at: self.now))
            case 0xFE: self.perform(self.machine.drainExpired(at: self.now))
            default: break
            }
        }
    }

    mutating func end() {
        for seconds in [1, 5, 20, 400, 100_000] { self.tick(after: .seconds(seconds)) }
    }

    private mutating func tick(after pause: Duration) {
        self.now = self.now + pause
        self.perform(self.machine.tick(at: self.now))
    }

    private mutating func receive(_ message: CoordinatorMessage, _ epoch: TaskEpoch) {
        self.perform(self.machine.received(message, for: self.id, epoch: epoch, at: self.now))
    }

    private mutating func perform(_ actions: [WorkerAction]) {
        for action in actions {
            switch action {
            case .send(let message):
                let frame = TaskFrame.encode(message, from: self.id)
                expect((try? TaskFrame.decodeWorkerMessage(frame[...]))?.worker == self.id, "what is sent can be read")
            case .start(let request):
                expect(
                    !self.running.contains { $0.id == request.id && $0.attempt == request.attempt },
                    "an attempt runs once at a time")
                self.running.append((request.id, request.attempt))
            default: break
            }
        }
        expect(self.machine.runningCount >= 0 && self.machine.unacknowledgedCount >= 0, "counts are counts")
    }

    private func epoch(_ source: inout ByteSource) -> TaskEpoch {
        let byte = source.byte()
        let counter = byte < 0xF0 ? UInt64(byte & 3) : source.number() >> 1
        return TaskEpoch(ledgerID: byte & 8 == 0 ? "L" : "M", counter: counter)
    }

    private func reference(_ source: inout ByteSource) -> TaskReference? {
        guard !self.known.isEmpty else { return nil }
        var reference = self.known[self.known.count - 1 - source.below(self.known.count)]
        if source.byte() == 0xFF { reference.epoch = self.epoch(&source) }
        return reference
    }

    private func references(_ source: inout ByteSource) -> [TaskReference] {
        (0..<source.below(6)).compactMap { _ in self.reference(&source) }
    }
}
