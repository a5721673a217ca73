// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftBus

/// Holds what arrives against who has proved to have sent it.
///
/// A key proves a name, and the trust list says what that name may be; the id of a running node, which it makes up itself,
/// belongs to the name that used it first. What others say about a node is only where it may be found.
public struct IdentityGuard: Sendable {
    /// What becomes of a message.
    public enum Verdict: Hashable, Sendable {
        /// It counts, as it stands here.
        case pass(ControlMessage)
        /// It does not, and the sender is told why.
        case refuse(RejectReason, String)
        /// It does not.
        case drop
    }

    /// How many ids are remembered, those of members and those that may yet become some; far more than members.
    public static let maximumIDs = 4_096
    /// How many of them may be of one name, so that no key takes the others' room; more than there are members to remember.
    public static let maximumIDsOfOne = 2_048

    /// Who is trusted.
    public var trust: TrustList
    /// Messages that claimed to be another's than their sender's key is.
    public private(set) var impostors: UInt64 = 0
    /// The ids of all members, tombstones included: what is known of them is never let go for want of room.
    public var members: Set<NodeID> = []
    /// Where the members that live are found, by each of their addresses.
    public var addresses: [String: NodeID] = [:]
    /// How often something that was known of an id that is no member's made room for another.
    public private(set) var forgotten: UInt64 = 0
    private var owners: [NodeID: Owner] = [:]
    private var counts: [String: Int] = [:]
    private var lastOrder: UInt64 = 0

    private struct Owner {
        let name: String
        let order: UInt64
    }

    /// Creates a guard.
    public init(trust: TrustList) {
        self.trust = trust
    }

    /// Whose an id is, as far as anybody has proved it.
    public func owner(of id: NodeID) -> String? { self.owners[id]?.name }

    /// Forgets the ids of which something holds.
    public mutating func forget(where isGone: (NodeID, String) -> Bool) {
        for (id, owner) in self.owners where isGone(id, owner.name) { self.forget(id) }
    }

    /// Judges a control message.
    ///
    /// - Parameters:
    ///   - user: The name that the sender's key proves.
    ///   - sender: The id that the sender's link names; nil for a link to an address of which nothing is known yet.
    public mutating func check(
        _ message: ControlMessage, from user: String, as sender: NodeID?
    ) -> Verdict {
        guard let entry = self.trust[user] else { return .drop }
        switch message {
        case .hello(let record, _):
            return self.claim(record, entry, sender) ?? .pass(message)
        case .welcome(let record, let roster):
            if self.claim(record, entry, sender) != nil { return .drop }
            return .pass(.welcome(record, roster: self.news(roster, record)))
        case .reject: return .pass(message)
        default: break
        }
        guard let sender else { return .pass(message) }
        guard let owner = self.owner(of: sender) else {
            if case .heartbeat = message { return .refuse(.unknown, "say HELLO first") }
            return .drop
        }
        guard owner == user else {
            self.impostors += 1
            return .drop
        }
        if case .roster(let roster, let wantsReply) = message {
            let own = roster.first { $0.record.id == sender }?.record
            if let own, let verdict = self.claim(own, entry, sender) { return verdict }
            return .pass(.roster(self.news(roster, own), wantsReply: wantsReply))
        }
        return .pass(message)
    }

    /// Whether a message of the task plane may come from a user, as this node and in this role.
    ///
    /// - Parameter name: What the message calls its node, when it does.
    public mutating func accepts(_ id: NodeID, named name: String?, from user: String, as role: NodeRole) -> Bool {
        guard let entry = self.trust[user] else { return false }
        let isOwn = self.owner(of: id).map { $0 == user } ?? (name == user)
        guard entry.roles.contains(role), isOwn, name == nil || name == user else {
            self.impostors += 1
            return false
        }
        self.remember(id, user)
        return true
    }

    /// What is wrong with what a node says about itself; nil when nothing is.
    private mutating func claim(_ record: MemberRecord, _ entry: TrustEntry, _ sender: NodeID?) -> Verdict? {
        let problem: String?
        if record.name != entry.name {
            problem = "this key is \(entry.name)'s; a node that uses it must have that name"
        } else if !entry.mayHave(record.roles) {
            let roles = record.roles.subtracting(entry.roles).subtracting([.peer]).sorted()
            problem =
                "\(entry.name) is not trusted as \(roles.map(\.name).joined(separator: ", ")): see 'roles' in its file "
                + "of the trust directory"
        } else if let sender, sender != record.id {
            problem = "the record is not that of the node that sends it"
        } else if let owner = self.owner(of: record.id), owner != entry.name {
            problem = "another node has this id"
        } else if let key = record.key, !entry.keys.contains(where: { $0.text == key }) {
            problem = "the record names a key that is not trusted as \(entry.name)'s"
        } else {
            problem = nil
        }
        guard let problem else {
            // Only who is called there knows whose an address is now: the mesh hears it from there within a second or two, and lets
            // its former owner go. Until then somebody else's word is not enough, and is said again.
            if self.isTaken(record.control, from: entry.name) || self.isTaken(record.publish, from: entry.name) {
                self.impostors += 1
                return .drop
            }
            self.remember(record.id, entry.name)
            return nil
        }
        self.impostors += 1
        return .refuse(.identity, problem)
    }

    /// Whether somebody who has proved another name lives at an address.
    private func isTaken(_ address: String, from name: String) -> Bool {
        guard let owner = self.addresses[address].flatMap({ self.owner(of: $0) }) else { return false }
        return owner != name
    }

    private mutating func remember(_ id: NodeID, _ name: String) {
        guard self.owners[id] == nil else { return }
        if self.counts[name] ?? 0 >= Self.maximumIDsOfOne {
            self.makeRoom { $0.name == name }
        } else if self.owners.count >= Self.maximumIDs {
            self.makeRoom { _ in true }
        }
        self.lastOrder += 1
        self.owners[id] = Owner(name: name, order: self.lastOrder)
        self.counts[name, default: 0] += 1
    }

    /// Forgets the one that came first of those that are no members; members are fewer than there is room for.
    private mutating func makeRoom(among isMeant: (Owner) -> Bool) {
        var oldest: (id: NodeID, order: UInt64)?
        for (id, owner) in self.owners where isMeant(owner) && owner.order < oldest?.order ?? .max {
            if !self.members.contains(id) { oldest = (id, owner.order) }
        }
        guard let oldest else { return }
        self.forgotten += 1
        self.forget(oldest.id)
    }

    private mutating func forget(_ id: NodeID) {
        guard let name = self.owners.removeValue(forKey: id)?.name else { return }
        let left = (self.counts[name] ?? 0) - 1
        self.counts[name] = left > 0 ? left : nil
    }

    /// Of what a node tells about others, only that they live, and where they may be found: what they do, they say themselves.
    private func news(_ roster: [RosterEntry], _ own: MemberRecord?) -> [RosterEntry] {
        roster.compactMap { entry in
            if entry.record.id == own?.id { return entry }
            guard let trusted = self.trust[entry.record.name],
                self.owner(of: entry.record.id).map({ $0 == entry.record.name }) ?? true
            else { return nil }
            if let key = entry.record.key, !trusted.keys.contains(where: { $0.text == key }) { return nil }
            var record = entry.record
            record.roles = [.peer]
            record.extras = [:]
            // Lower than any that a node gives itself, so that its own word replaces it.
            record.revision = 0
            return RosterEntry(record: record, silence: entry.silence)
        }
    }
}
