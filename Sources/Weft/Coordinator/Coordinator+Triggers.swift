// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Logging
import WeftBus
import WeftProtocol

extension Coordinator {
    /// How many events of one trigger are made tasks at once, so that the ledger writes them together.
    private static let triggerConcurrency = 64

    /// Makes tasks of events from now on.
    func beginTriggers() {
        guard let bus = self.node?.bus else { return }
        for trigger in self.configuration.triggers {
            self.triggers.append(
                bus.on(matching: trigger.pattern, replay: true, concurrency: Self.triggerConcurrency) {
                    [weak self] record in try await self?.fire(trigger, record)
                })
        }
    }

    func endTriggers() {
        for subscription in self.triggers { self.node?.bus.off(subscription) }
        self.triggers = []
    }

    /// Makes a task of an event; while it can't, the listener's mailbox fills, and whoever emits waits or sees a slow peer.
    private func fire(_ trigger: TaskTrigger, _ record: EventRecord) async throws {
        guard let task = try trigger.task(for: record) else { return }
        while self.phase == .running {
            do {
                _ = try await self.submit(task)
                return
            } catch let refusal as TaskRefusal {
                switch refusal.code {
                case .full, .unavailable, .undecided:
                    self.logger.warning(
                        "An event waits to become a task",
                        metadata: ["trigger": "\(trigger.name)", "task.id": "\(task.id)", "error": "\(refusal)"])
                    try await Task.sleep(for: .seconds(1))
                default: throw refusal
                }
            }
        }
        self.logger.warning(
            "An event became no task, because the coordinator stops; the next one looks at the last events again",
            metadata: ["trigger": "\(trigger.name)", "task.id": "\(task.id)"])
    }
}
