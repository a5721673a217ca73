// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Logging
import WeftPlatform
import WeftProtocol

extension Coordinator {
    // MARK: - What comes

    /// Takes what comes over an agent's stream; it is read whatever the load.
    func follow(_ agentID: String) async throws {
        guard let connection = self.platform?.connection(of: agentID) else { return }
        // Tries in a row that did not lead to a registration; one closed stream is nothing to worry anybody with.
        var failures = 0
        for await element in connection {
            switch element {
            case .registered(let record):
                self.logger.log(
                    level: failures > 1 ? .notice : .info, "Registered at the platform",
                    metadata: ["agent.id": "\(agentID)", "worker.id": "\(record.id)"])
                failures = 0
                self.registeredAgents.insert(agentID)
                self.reconcilers[agentID]?.yield()
                self.checkConditions()
            case .task(let task):
                try await self.take(task, agentID: agentID)
            case .unreadable(let id?, let reason):
                try await self.takeUnreadable(id, agentID: agentID, reason: reason)
            case .unreadable(nil, let reason):
                self.logger.warning("Event skipped", metadata: ["agent.id": "\(agentID)", "reason": "\(reason)"])
            case .disconnected(let reason, let pause):
                failures += 1
                let metadata: Logger.Metadata = [
                    "agent.id": "\(agentID)", "reason": "\(reason)", "pause": "\(pause)",
                ]
                if failures == 2 {
                    self.logger.warning("The platform cannot be reached; still trying", metadata: metadata)
                } else {
                    self.logger.info("Stream closed; opening it again", metadata: metadata)
                }
            case .refused(let status, let message, let pause):
                self.logger.error(
                    "The platform refuses this agent; check the API key and the agent's id",
                    metadata: [
                        "agent.id": "\(agentID)", "http.status": "\(status)", "reason": "\(message)",
                        "pause": "\(pause)",
                    ])
            case .conflict(let reason):
                throw TaskPlaneFailure(
                    .conflict,
                    "The platform says that agent \(agentID) is served from elsewhere: \(reason). Stop the other one, or serve another agent."
                )
            case .ended(let reason):
                guard self.phase == .running else { return }
                throw TaskPlaneFailure(
                    .platformEnded, "The platform's stream for agent \(agentID) has ended for good: \(reason)")
            }
        }
    }

    func take(_ task: PlatformTask, agentID: String) async throws {
        guard !task.isOver else {
            self.logger.debug("Task is over already", metadata: ["task.id": "\(task.id)"])
            return
        }
        let stored = try await self.lookUpPatiently(task.id)
        let submission = TaskSubmission(
            id: task.id, source: .platform, agentID: task.agentID ?? agentID, payload: task.redactedValue)
        self.step { dispatcher, now in dispatcher.accept(submission, stored: stored, at: now) }
    }

    /// Takes a task of which only the id could be read, which ends as an error.
    func takeUnreadable(_ id: String, agentID: String, reason: String) async throws {
        self.logger.warning(
            "Task cannot be read", metadata: ["task.id": "\(id)", "agent.id": "\(agentID)", "reason": "\(reason)"])
        let stored = try await self.lookUpPatiently(id)
        self.step { dispatcher, now in
            dispatcher.acceptUnreadable(id: id, agentID: agentID, reason: reason, stored: stored, at: now)
        }
    }

    // MARK: - What is said

    /// Brings reports to the platform, as the outbox gives them out.
    func send(_ items: AsyncStream<(item: ReportItem, isMetrics: Bool)>) async {
        guard let platform = self.platform else { return }
        await withDiscardingTaskGroup { group in
            for await (item, isMetrics) in items {
                group.addTask {
                    if isMetrics {
                        await self.delivered(item, await platform.deliverMetrics(of: item), isOver: true)
                    } else {
                        if item.isFinal { await self.waitForPushes(of: item.taskID) }
                        let (outcome, isOver) = await platform.deliver(item)
                        await self.delivered(item, outcome, isOver: isOver)
                    }
                }
            }
        }
    }

    private func delivered(_ item: ReportItem, _ outcome: ReportOutcome, isOver: Bool) {
        switch outcome {
        case .taken, .overtaken:
            break
        case .failed(let reason, _):
            self.logger.info(
                "Report did not get through", metadata: ["report.id": "\(item.id)", "reason": "\(reason)"])
        case .refused(let reason):
            self.logger.warning("Report refused", metadata: ["report.id": "\(item.id)", "reason": "\(reason)"])
        }
        for action in self.outbox.sent(item, outcome, at: MonotonicTime.now) { self.perform(action) }
        // The answer to "executing" is how the platform tells that it has stopped a task.
        if isOver, !item.isFinal { self.stoppedByPlatform(item.taskID) }
        self.checkConditions()
    }

    func perform(_ action: ReportOutboxAction) {
        switch action {
        case .send(let item): self.reports?.yield((item, false))
        case .sendMetrics(let item): self.reports?.yield((item, true))
        case .settled(let item, _): self.settled(item)
        }
    }

    func settled(_ item: ReportItem) {
        // What comes after a beginning is said when the ledger has forgotten the beginning.
        if !item.isFinal { self.releases.append(item.taskID) }
        self.step { dispatcher, now in dispatcher.reportSettled(item, at: now) }
    }
}
