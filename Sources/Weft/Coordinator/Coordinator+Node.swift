// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftBus
public import WeftProtocol
import WeftValue
import ZeroMQ

extension Coordinator {
    /// Creates a coordinator for a node's mesh.
    ///
    /// It ends before the node does: stop it, or let ``run()`` return, before stopping the node.
    ///
    /// - Parameters:
    ///   - node: The node, which has started.
    ///   - ledger: Where tasks are recorded.
    ///   - platform: The platform's side; nil to run without one.
    ///   - configuration: The settings.
    /// - Throws: ``TaskPlaneFailure`` with code `notRunning` when the node does not run, and with `forbidden` when its own trust directory
    ///   does not give its key the role.
    public init(
        node: Node, ledger: any Ledger, platform: CoordinatorPlatform? = nil,
        configuration: CoordinatorConfiguration = .init()
    ) throws(TaskPlaneFailure) {
        guard let loop = node.loop else { throw .nodeNotRunning }
        try node.require(.coordinator)
        self.init(
            id: node.id, loop: loop, ledger: ledger, platform: platform, node: node, configuration: configuration,
            logger: node.configuration.logger)
    }

    /// Answers the mesh's calls, and tells the members where the sink is.
    func enter(_ epoch: TaskEpoch) async {
        guard let node = self.node, let sink = self.sinkEndpoint else { return }
        node.handle("task.submit") { [weak self] _, body in
            try await Self.there(self).submit(body)
        }
        node.handle("task.wait") { [weak self] _, body in
            let fields = try TaskFields(body, of: "call")
            let record = try await Self.there(self).outcome(
                of: try fields.name("i"), within: min(try fields.duration("t"), .seconds(60)))
            return try Self.answer(record)
        }
        node.handle("task.status") { [weak self] _, body in
            let record = try await Self.there(self).task(try TaskFields(body, of: "call").name("i"))
            return try Self.answer(record)
        }
        node.handle("task.list") { [weak self] _, body in
            let filter = try TaskFilter(value: try TaskFields(body, of: "call").value("f"))
            return try await Self.there(self).tasks(matching: filter).value
        }
        self.handle("task.cancel", on: node) { coordinator, id, reason in
            try await coordinator.cancel(id, reason: reason ?? "Somebody asked for it.")
        }
        self.handle("task.retry", on: node) { coordinator, id, _ in try await coordinator.retry(id) }
        self.handle("dead.requeue", on: node) { coordinator, id, _ in try await coordinator.requeue(id) }
        self.handle("dead.drop", on: node) { coordinator, id, _ in
            try await coordinator.drop(id)
            return nil
        }
        node.handle("coordinator.status") { [weak self] _, _ in
            try await Self.there(self).status?.value ?? .null
        }
        await node.join(role: .coordinator, extras: CoordinatorAddress(sink: sink, epoch: epoch).extras)
    }

    /// The members need no longer look for a coordinator here.
    func leave() async {
        await self.node?.leave(role: .coordinator, extras: ["sink", "epoch"])
    }

    /// Looks whether anybody on this node's bus wants to hear of tasks.
    func lookForHearers() {
        guard let bus = self.node?.bus else { return }
        self.hearers = (bus.hasListeners(for: Self.taskStarted), bus.hasListeners(for: Self.taskEnded))
    }

    private static let taskStarted: EventName = "weft:task-started"
    private static let taskEnded: EventName = "weft:task-ended"

    /// What happened, as an event on this node's bus.
    func emit(_ event: TaskEvent) {
        guard let bus = self.node?.bus else { return }
        switch event {
        case .started(let id, let attempt, let worker):
            guard self.hearers.started else { return }
            bus.announce(Self.taskStarted, [.string(id), Value(attempt), .string(worker.description)])
        case .progress(let id, let attempt, let value):
            bus.announce("weft:task-progress", [.string(id), Value(attempt), value])
        case .ended(let record, _):
            guard self.hearers.ended else { return }
            bus.announce(
                Self.taskEnded,
                [.string(record.task.id), .string(record.status.state.rawValue), Value(record.status.attempt)])
        case .accepted, .repeated, .conflict, .requeued, .dropped, .refused, .retrying, .clockJumped, .workerJoined,
            .workerLeft, .workerRefused:
            break
        }
    }

    /// Answers a call that does something to one task, or to each of several.
    private func handle(
        _ method: String, on node: Node,
        _ act: @escaping @Sendable (Coordinator, _ id: String, _ reason: String?) async throws -> TaskState?
    ) {
        node.handle(method, needsOperator: true) { [weak self] _, body in
            let fields = try TaskFields(body, of: "call")
            let reason = try fields.optionalString("m")
            let ids = try TaskCalls.ids(fields)
            guard fields.has("l") else {
                let state = try await act(try Self.there(self), try fields.name("i"), reason)
                return state.map { .string($0.rawValue) } ?? .null
            }
            let coordinator = try Self.there(self)
            // Together, so that the ledger writes them together.
            let reports = try await withThrowingTaskGroup(of: (Int, TaskActionReport).self) { group in
                for (index, id) in ids.enumerated() {
                    group.addTask {
                        do {
                            return (index, TaskActionReport(id: id, state: try await act(coordinator, id, reason)))
                        } catch let refusal as TaskRefusal {
                            return (index, TaskActionReport(id: id, refusal: refusal))
                        }
                    }
                }
                var reports: [(Int, TaskActionReport)] = []
                for try await report in group { reports.append(report) }
                return reports.sorted { $0.0 < $1.0 }.map(\.1)
            }
            return .array(reports.map(\.value))
        }
    }

    private func submit(_ body: Value) async throws -> Value {
        var task = try TaskSubmission(value: body)
        // Only the platform's own stream brings its tasks.
        task.source = .submit
        return .string(try await self.submit(task).rawValue)
    }

    private static func there(_ coordinator: Coordinator?) throws -> Coordinator {
        guard let coordinator else { throw TaskRefusal(.unavailable, "The coordinator of this node has stopped.") }
        return coordinator
    }

    private static func answer(_ record: TaskRecord?) throws -> Value {
        guard let record else { throw TaskRefusal(.unknown, "The coordinator's ledger has no task with this id.") }
        return TaskCalls.whole(record).record.value
    }
}

extension TaskPlaneFailure {
    static let nodeNotRunning = TaskPlaneFailure(
        .notRunning, "The node is not running; start it before its coordinator or worker.")
}

extension CoordinatorStatus {
    /// The status as the `coordinator.status` call answers it.
    public var value: Value {
        [
            "epoch": .string(self.epoch.description), "unfinished": Value(self.unfinished), "held": Value(self.held),
            "unreported": Value(self.unreported), "workers": .array(self.workers.map(\.value)),
            "counters": [
                "accepted": Value(self.counters.accepted), "repeated": Value(self.counters.repeated),
                "refused": Value(self.counters.refused), "dealt": Value(self.counters.dealt),
                "completed": Value(self.counters.completed), "dead": Value(self.counters.dead),
                "cancelled": Value(self.counters.cancelled), "expired": Value(self.counters.expired),
                "conflicts": Value(self.counters.conflicts), "requeued": Value(self.counters.requeued),
                "dropped": Value(self.counters.dropped), "overruns": Value(self.counters.overruns),
                "late": Value(self.counters.late), "unknown_results": Value(self.counters.unknownResults),
                "clock_jumps": Value(self.counters.clockJumps),
                "handler_failures": Value(self.counters.handlerFailures),
                "worker_losses": Value(self.counters.workerLosses), "returns": Value(self.counters.returns),
                "reclaimed": Value(self.counters.reclaimed), "stale": Value(self.counters.stale),
                "repeated_results": Value(self.counters.repeatedResults),
                "strangers": Value(self.counters.strangers),
                "oversized_results": Value(self.counters.oversizedResults),
                "refused_workers": Value(self.counters.refusedWorkers), "bad_frames": Value(self.badFrames),
                "adopted": Value(self.adopted),
                "reports_taken": Value(self.reports.taken), "reports_refused": Value(self.reports.refused),
                "report_failures": Value(self.reports.failures), "reports_dropped": Value(self.reports.dropped),
            ],
        ]
    }
}

extension WorkerSummary {
    /// The worker as the `coordinator.status` call answers it.
    public var value: Value {
        [
            "id": .string(self.id.description), "name": .string(self.name), "slots": Value(self.slots),
            "held": Value(self.held), "agents": .array(self.agents.map(Value.string)),
            "queues": .array(self.queues.map(Value.string)), "draining": .bool(self.isDraining),
            "live": .bool(self.isLive),
        ]
    }
}
