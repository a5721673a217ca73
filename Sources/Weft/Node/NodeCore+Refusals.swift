// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Logging
import WeftBus
import WeftProtocol
import ZeroMQ

// A node with keys that others refuse says so, and one that everybody refuses ends.
extension NodeCore {
    /// Waits until everybody refuses this node; nil when it is stopped before, or the one who waits is cancelled.
    func refused() async -> NodeError? {
        if self.isStopped || self.refusalOutcome != nil { return self.refusalOutcome }
        self.lastRefusalWaiter += 1
        let number = self.lastRefusalWaiter
        return await withTaskCancellationHandler {
            await withCheckedContinuation { self.refusalWaiters[number] = $0 }
        } onCancel: {
            self.loop.post { [weak self] in
                self?.assumeIsolated { $0.refusalWaiters.removeValue(forKey: number)?.resume(returning: nil) }
            }
        }
    }

    func settleRefusal(_ outcome: NodeError?) {
        self.refusalOutcome = self.refusalOutcome ?? outcome
        for waiter in self.refusalWaiters.values { waiter.resume(returning: outcome) }
        self.refusalWaiters = [:]
    }

    /// A member refuses this node's key, or what it says about itself.
    func refused(_ kind: Refusals.Kind, by member: MemberRecord, _ message: String) {
        let isSeed = self.mesh.isSeed(member)
        guard self.refusals.add(kind, by: member, isSeed: isSeed, message) else { return }
        self.warnOfRefusal(by: member.name, message)
    }

    /// Whoever is at a seed's address now refuses this node's key.
    func refused(by name: String, at seed: String, _ message: String) {
        guard self.mesh.hasJoined, self.refusals.add(.key, by: name, at: seed, message) else { return }
        self.warnOfRefusal(by: name, message)
    }

    private func warnOfRefusal(by name: String, _ message: String) {
        self.logger.warning(
            "Another node refuses this one", metadata: ["peer.name": "\(name)", "error": "\(message)"])
    }

    func checkRefusals(at now: MonotonicTime) {
        guard !self.refusals.isEmpty, self.refusalOutcome == nil, self.mesh.hasJoined else { return }
        // Who has the same key lets this node in whatever the others do.
        let others = self.mesh.liveMembers.filter { $0.name != self.configuration.name }.map(\.id)
        guard let reason = self.refusals.tick(live: others, at: now) else { return }
        let error = NodeError(.refused, "refused by all members of the mesh: \(reason)")
        self.logger.error("Everybody refuses this node", metadata: ["error": "\(reason)"])
        self.settleRefusal(error)
    }
}
