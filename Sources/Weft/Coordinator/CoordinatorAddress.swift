// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftProtocol
import WeftValue

/// A coordinator as the roster names it: where its sink is, and which epoch it began.
struct CoordinatorAddress: Hashable, Sendable {
    let sink: String
    let epoch: TaskEpoch

    init(sink: String, epoch: TaskEpoch) {
        self.sink = sink
        self.epoch = epoch
    }

    /// What a member's record says, when it is a coordinator that is there.
    private init?(_ member: MemberStatus) {
        guard member.record.roles.contains(.coordinator), member.state != .dead, member.state != .left,
            let sink = member.record.extras["sink"]?.stringValue, let value = member.record.extras["epoch"],
            let epoch = try? TaskEpoch(value: value)
        else { return nil }
        self.init(sink: sink, epoch: epoch)
    }

    /// What a coordinator says about itself.
    var extras: [String: Value] { ["sink": .string(self.sink), "epoch": self.epoch.value] }

    /// The coordinator to work for: of two at one ledger the newer, which has fenced the other out.
    static func newest(among members: [MemberStatus]) -> CoordinatorAddress? {
        members.compactMap { CoordinatorAddress($0) }
            .sorted { ($0.epoch.ledgerID, $0.epoch.counter) < ($1.epoch.ledgerID, $1.epoch.counter) }
            .last
    }
}

extension Node {
    /// Adds a role, and what it tells the others, to the node's own record.
    func join(role: NodeRole, extras: [String: Value] = [:]) async {
        guard let record = await self.members().first?.record else { return }
        await self.update(
            roles: record.roles.union([role]), extras: record.extras.merging(extras) { _, new in new })
    }

    /// Takes a role, and what it told the others, from the node's own record.
    func leave(role: NodeRole, extras names: Set<String> = []) async {
        guard let record = await self.members().first?.record else { return }
        await self.update(
            roles: record.roles.subtracting([role]), extras: record.extras.filter { !names.contains($0.key) })
    }
}
