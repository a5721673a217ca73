// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftBus
import WeftProtocol

/// Who refuses this node: a member is always free to, and a node that everybody refuses is of no use.
struct Refusals {
    /// What was refused.
    enum Kind: Hashable {
        /// The node's key, in a handshake.
        case key
        /// What it says about itself.
        case claim
    }

    private struct Refusal {
        let kind: Kind
        let message: String
    }

    private struct Known: Hashable {
        let name: String
        let kind: Kind
    }

    private var members: [NodeID: Refusal] = [:]
    /// By address: seeds that were called again.
    private var seeds: [String: Refusal] = [:]
    /// Members that answered at a seed's address, as long as they refuse.
    private var sponsors: Set<NodeID> = []
    private var logged: Set<Known> = []
    private var since: MonotonicTime?

    var isEmpty: Bool { self.members.isEmpty && self.seeds.isEmpty }

    /// A member refuses this node.
    ///
    /// - Parameter isSeed: Whether this node came by way of it.
    /// - Returns: Whether that is news, to be logged.
    mutating func add(_ kind: Kind, by member: MemberRecord, isSeed: Bool, _ message: String) -> Bool {
        self.members[member.id] = Refusal(kind: kind, message: message)
        if isSeed { self.sponsors.insert(member.id) }
        return self.isNews(member.name, kind)
    }

    /// Whoever listens at a seed's address refuses this node.
    mutating func add(_ kind: Kind, by name: String, at seed: String, _ message: String) -> Bool {
        self.seeds[seed] = Refusal(kind: kind, message: message)
        return self.isNews(name, kind)
    }

    private mutating func isNews(_ name: String, _ kind: Kind) -> Bool {
        guard self.logged.count < NodeDefaults.loggedRefusals else { return false }
        return self.logged.insert(Known(name: name, kind: kind)).inserted
    }

    /// A member has let this node in, or has taken what it says.
    mutating func accepted(_ kind: Kind, by member: NodeID) {
        guard self.members[member]?.kind == kind else { return }
        self.members[member] = nil
        self.sponsors.remove(member)
    }

    /// Somebody has answered at a seed's address.
    mutating func answered(at seed: String) { self.seeds[seed] = nil }

    /// Time has passed.
    ///
    /// A node is refused by everybody when no member that lives takes it, one of those it came by refuses it, and that has lasted:
    /// whoever changes files of keys does it one machine after the other.
    ///
    /// - Returns: Why, when everybody has refused this node for long enough.
    mutating func tick(live: [NodeID], at now: MonotonicTime) -> String? {
        let isByAll = live.allSatisfy { self.members[$0] != nil } && !(self.sponsors.isEmpty && self.seeds.isEmpty)
        guard isByAll else {
            self.since = nil
            return nil
        }
        let since = self.since ?? now
        self.since = since
        guard now - since >= NodeDefaults.refusalPatience else { return nil }
        let member = self.sponsors.min().flatMap { self.members[$0] }
        return (member ?? self.seeds.min { $0.key < $1.key }?.value)?.message
    }
}
