// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Logging
import WeftBus
import WeftProtocol
import WeftValue

extension Coordinator {
    /// Warns when another coordinator serves the same mesh, for as long as this one runs.
    func watchForOthers() async {
        guard let node = self.node else { return }
        var known: Set<NodeID> = []
        for await members in node.memberChanges() {
            let others = members.filter {
                $0.state == .alive && $0.record.id != self.id && $0.record.roles.contains(.coordinator)
            }
            known.formIntersection(others.map(\.record.id))
            for other in others where !known.contains(other.record.id) {
                // One that has just died looks alive for a while, and is no second one: it must answer.
                let status = try? await node.request(
                    to: other.record.id, "coordinator.status", timeout: .seconds(5))
                guard let status else { continue }
                known.insert(other.record.id)
                self.logger.warning(
                    "A second coordinator serves this mesh: each knows only its own tasks, and workers serve one of them. Stop one of the two",
                    metadata: [
                        "coordinator.name": "\(other.record.name)", "coordinator.id": "\(other.record.id)",
                        "coordinator.epoch": "\(status["epoch"]?.stringValue ?? "")",
                    ])
            }
        }
    }
}
