// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Logging
import WeftBus
import WeftPlatform
import WeftProtocol
import WeftValue

extension Coordinator {
    /// How many reports of progress wait for this node's bus; the oldest give way.
    static let progressBacklog = 4096

    /// A handler reported progress.
    func progressed(_ id: String, attempt: Int, _ value: Value) {
        let isForPlatform = self.platform != nil && self.dispatcher?.record(of: id)?.task.source == .platform
        self.perform(
            self.progress.reported(id, attempt: attempt, value, isForPlatform: isForPlatform, at: MonotonicTime.now))
    }

    func perform(_ actions: [ProgressAction]) {
        for action in actions {
            switch action {
            case .emit(let id, let attempt, let value):
                self.progressEvents?.yield([.string(id), Value(attempt), value])
            case .push(let id, let value):
                guard let task = self.dispatcher?.record(of: id)?.task, let pushes = self.progressPushes else {
                    continue
                }
                self.pushing.insert(id)
                pushes.yield((task, value))
            }
        }
    }

    /// Emits progress as the event `task:progress`, in its order.
    func emitProgress(_ events: AsyncStream<[Value]>) async {
        guard let bus = self.node?.bus else { return }
        for await arguments in events { _ = await bus.emit("task:progress", values: arguments) }
    }

    /// Pushes progress to the platform; what fails is not repeated, because something newer will come.
    func pushProgress(_ pushes: AsyncStream<(task: TaskSubmission, value: Value)>) async {
        guard let platform = self.platform else { return }
        await withDiscardingTaskGroup { group in
            for await (task, value) in pushes {
                group.addTask {
                    let failure = await platform.push(value, of: task)
                    await self.pushed(task.id, failure)
                }
            }
        }
    }

    private func pushed(_ id: String, _ failure: String?) {
        if let failure {
            self.logger.debug("Progress was not taken", metadata: ["task.id": "\(id)", "reason": "\(failure)"])
        }
        self.pushing.remove(id)
        self.perform(self.progress.pushed(id, at: MonotonicTime.now))
        self.checkConditions()
    }

    /// Waits until nothing about a task's progress is on its way to the platform, so that its end is the last that is said.
    func waitForPushes(of id: String) async {
        guard self.pushing.contains(id) else { return }
        _ = await self.waitUntil(within: CoordinatorPlatform.pushTimeout) { !$0.pushing.contains(id) }
    }
}
