// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Logging
import WeftPlatform
import WeftProtocol

extension Coordinator {
    /// Compares the platform's list with the ledger, after each registration and until it has worked.
    ///
    /// The platform doesn't send a task again that was on its way when the stream broke, or that a coordinator had which is no more: such a task
    /// is adopted from the list. And what it still shows though it has ended here, its end is reported again.
    func reconcile(_ agentID: String, whenRung bell: AsyncStream<Void>) async throws {
        guard self.configuration.reconciles else { return }
        let pauses = RetryPolicy(backoff: .seconds(1), maximumBackoff: TaskDefaults.platformPoll)
        var generator = SystemRandomNumberGenerator()
        for await _ in bell {
            var failures = 0
            while self.phase == .running, try await !self.compareLists(agentID) {
                failures += 1
                try await Task.sleep(for: .milliseconds(100) + pauses.pause(afterFailure: failures, using: &generator))
            }
        }
    }

    /// Looks once a while for running tasks that were stopped at the platform, which tells nobody by itself.
    func poll(_ agentID: String) async throws {
        while true {
            try await Task.sleep(for: self.configuration.platformPoll)
            let begun = self.dispatcher?.begun(agentID: agentID) ?? []
            guard !begun.isEmpty, let client = self.platform?.client else { continue }
            let shown: Set<String>
            do throws(PlatformError) {
                let entries = try await client.history(agentID: agentID, filter: HistoryFilter(status: .executing))
                shown = Set(entries.lazy.filter { !($0.status?.isFinal ?? false) }.map(\.id))
            } catch {
                self.logger.debug(
                    "Running tasks cannot be looked up", metadata: ["agent.id": "\(agentID)", "error": "\(error)"])
                continue
            }
            // Those that the list lacks were stopped, or it has not heard yet that they run, or it is not complete: each is asked for.
            try await self.read(begun.filter { !shown.contains($0) }) { coordinator, id, answer in
                if case .success(let task) = answer, task.isOver { coordinator.stoppedByPlatform(id) }
            }
        }
    }

    /// The platform says that a task is over which has not ended here.
    func stoppedByPlatform(_ id: String) {
        // Whoever has queued a task again knew that it was over.
        guard let record = self.dispatcher?.record(of: id), record.status.requeues == 0 else { return }
        self.step { dispatcher, now in
            dispatcher.cancel(id, reason: "The platform stopped the task.", byPlatform: true, at: now)
        }
    }

    /// Tells the dispatcher which workers will not come back for what they held before a restart.
    func followMembers() async {
        guard let node = self.node else { return }
        for await members in node.memberChanges() {
            self.compareKeys()
            for member in members {
                let reason: String
                switch member.state {
                case .dead: reason = "it fell silent"
                case .left: reason = "it left"
                case .local, .alive, .suspect: continue
                }
                self.step { dispatcher, now in dispatcher.neverReturns(member.record.id, reason: reason, at: now) }
            }
        }
    }

    // MARK: - Inside

    /// Compares the lists once.
    ///
    /// - Returns: Whether that was done to the end.
    private func compareLists(_ agentID: String) async throws -> Bool {
        guard let client = self.platform?.client else { return true }
        var ids: [String] = []
        var seen: Set<String> = []
        do throws(PlatformError) {
            // Executing ones first: nobody else will ever bring those.
            for status in [TaskStatus.executing, .pending] {
                for entry in try await client.history(agentID: agentID, filter: HistoryFilter(status: status))
                where entry.agentID ?? agentID == agentID && entry.status ?? status == status {
                    if seen.insert(entry.id).inserted { ids.append(entry.id) }
                }
            }
        } catch {
            return self.cannotCompare(error, agentID)
        }
        var unknown: [String] = []
        for id in ids where self.dispatcher?.record(of: id) == nil {
            let stored = try await self.lookUpPatiently(id)
            if stored?.status.state.isFinal ?? true { unknown.append(id) }
        }
        guard !unknown.isEmpty else { return true }
        let before = self.adopted
        let isDone = try await self.read(unknown) { coordinator, id, answer in
            switch answer {
            case .success(let task):
                try await coordinator.adopt(task, agentID: agentID)
            case .failure(let error) where error.code == .unreadableTask:
                try await coordinator.takeUnreadable(id, agentID: agentID, reason: error.message)
            case .failure(let error):
                coordinator.logger.warning(
                    "A listed task cannot be read",
                    metadata: ["task.id": "\(id)", "agent.id": "\(agentID)", "error": "\(error)"])
            }
        }
        self.logger.info(
            "Compared with the platform's list",
            metadata: [
                "agent.id": "\(agentID)", "tasks.listed": "\(ids.count)", "tasks.different": "\(unknown.count)",
                "tasks.adopted": "\(self.adopted - before)",
            ])
        return isDone && self.dispatcher.map { $0.unfinishedCount < $0.configuration.maximumUnfinished } ?? true
    }

    private func cannotCompare(_ error: PlatformError, _ agentID: String) -> Bool {
        let isForGood = error.disposition == .refused
        self.logger.log(
            level: isForGood ? .warning : .info, "The platform's list of tasks cannot be read",
            metadata: ["agent.id": "\(agentID)", "error": "\(error)"])
        return isForGood
    }

    private func adopt(_ task: PlatformTask, agentID: String) async throws {
        guard !task.isOver, self.phase == .running else { return }
        guard let stored = try await self.lookUpPatiently(task.id) else {
            guard self.dispatcher?.record(of: task.id) == nil else { return }
            self.adopted += 1
            return try await self.take(task, agentID: agentID)
        }
        self.step { dispatcher, now in dispatcher.accept(stored.task, stored: stored, at: now) }
    }

    /// Reads tasks one by one, not more in a second than allowed.
    ///
    /// - Returns: Whether all could be read, or will never be.
    @discardableResult
    private func read(
        _ ids: [String],
        then use:
            @escaping @Sendable (isolated Coordinator, String, Result<PlatformTask, PlatformError>) async throws ->
            Void
    ) async throws -> Bool {
        guard let client = self.platform?.client else { return true }
        return try await withThrowingTaskGroup(of: Bool.self) { group in
            var isComplete = true
            var left = ids[...]
            var running = 0
            while true {
                while isComplete, running < TaskDefaults.platformReadsInFlight, let id = left.popFirst() {
                    running += 1
                    group.addTask {
                        try await Task.sleep(for: await self.takePlatformRead())
                        let answer: Result<PlatformTask, PlatformError>
                        do throws(PlatformError) {
                            answer = .success(try await client.task(id))
                        } catch {
                            guard error.disposition == .refused, error.code != .cancelled else { return false }
                            answer = .failure(error)
                        }
                        try await use(self, id, answer)
                        return true
                    }
                }
                guard let isRead = try await group.next() else { return isComplete }
                running -= 1
                // A platform that fails is not asked for the rest now.
                isComplete = isComplete && isRead
            }
        }
    }

    /// Reserves a read of the platform.
    ///
    /// - Returns: How long to wait for it.
    private func takePlatformRead() -> Duration {
        let now = MonotonicTime.now
        let due = max(now, self.nextPlatformRead)
        self.nextPlatformRead = due + .nanoseconds(1_000_000_000 / TaskDefaults.platformReadsPerSecond)
        return due - now
    }
}
