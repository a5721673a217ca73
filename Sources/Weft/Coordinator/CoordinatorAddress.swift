// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftProtocol
import WeftValue

/// A coordinator as the roster names it: where its sink is, and which epoch it began.
struct CoordinatorAddress: Hashable, Sendable {
    let sink: String
    let epoch: TaskEpoch
    /// The key that the sink proves, where there are keys.
    let key: String?

    init(sink: String, epoch: TaskEpoch, key: String? = nil) {
        self.sink = sink
        self.epoch = epoch
        self.key = key
    }

    /// What a member's record says, when it is a coordinator that is there.
    init?(_ member: MemberStatus) {
        guard member.record.roles.contains(.coordinator), member.state != .dead, member.state != .left,
            let sink = member.record.extras["sink"]?.stringValue, let value = member.record.extras["epoch"],
            let epoch = try? TaskEpoch(value: value)
        else { return nil }
        self.init(sink: sink, epoch: epoch, key: member.record.key)
    }

    /// What a coordinator says about itself.
    var extras: [String: Value] { ["sink": .string(self.sink), "epoch": self.epoch.value] }

    /// The coordinator to work for: of two at one ledger the newer, which has fenced the other out; of two at different ones one that is not
    /// silent.
    static func newest(among members: [MemberStatus]) -> CoordinatorAddress? {
        Self.newestMember(among: members).flatMap { CoordinatorAddress($0) }
    }

    /// The member that is the coordinator to work for, and to call.
    static func newestMember(among members: [MemberStatus]) -> MemberStatus? {
        var best: (member: MemberStatus, address: CoordinatorAddress)?
        for member in members {
            guard let address = CoordinatorAddress(member) else { continue }
            guard let (known, other) = best else {
                best = (member, address)
                continue
            }
            let isBetter: Bool
            if address.epoch.ledgerID == other.epoch.ledgerID {
                isBetter = address.epoch.counter > other.epoch.counter
            } else if (member.state == .suspect) != (known.state == .suspect) {
                isBetter = known.state == .suspect
            } else {
                isBetter = address.epoch.ledgerID > other.epoch.ledgerID
            }
            if isBetter { best = (member, address) }
        }
        return best?.member
    }
}

extension Node {
    /// Refuses a role that the node's own trust directory does not give its key.
    func require(_ role: NodeRole) throws(TaskPlaneFailure) {
        do throws(TrustError) {
            try self.core?.security?.require(role)
        } catch {
            throw TaskPlaneFailure(.forbidden, error.message)
        }
    }

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

extension Node {
    /// Calls the coordinator that is to be called, for which it waits as long as the call may take.
    ///
    /// - Throws: ``NodeError``, as ``request(to:_:_:timeout:)-(NodeRole,_,_,_)``.
    func requestCoordinator(_ method: String, _ body: Value, timeout: Duration) async throws(NodeError) -> Value {
        // One that was killed is in the roster for some seconds more, perhaps beside the one that has taken its place.
        if let member = CoordinatorAddress.newestMember(among: await self.members()), member.state != .suspect {
            return try await self.request(to: member.record.id, method, body, timeout: timeout)
        }
        return try await self.request(to: .coordinator, method, body, timeout: timeout)
    }
}
