// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftBus

/// Who belongs to the mesh, as this node knows: alive → suspect → dead → forgotten, or left.
///
/// Any word from a member is a sign of life. A member that is silent here and that another one hears is suspect and lives:
/// what others say is believed as far as they say when they heard it, which no passing on makes younger.
struct Membership {
    enum Status: String, Hashable {
        case alive, suspect, dead, left
    }

    struct Member {
        /// Apart, because members are looked at all the time, and their records are large.
        private final class Known: Sendable {
            let record: MemberRecord
            let digest: UInt64

            init(_ record: MemberRecord) {
                self.record = record
                self.digest = Membership.digest(of: record)
            }
        }

        private var known: Known
        var record: MemberRecord {
            get { self.known.record }
            set { if newValue != self.known.record { self.known = Known(newValue) } }
        }
        /// What the record adds to the roster's digest.
        var digest: UInt64 { self.known.digest }
        var status = Status.alive
        /// When a word last came from the member itself; until the first one, when it is said to have lived.
        var lastHeard: MonotonicTime
        /// When it last lived by what anybody knows.
        var lastAlive: MonotonicTime
        /// When a dead one or one that left is forgotten.
        var forgetAt: MonotonicTime?

        var isLive: Bool { self.status == .alive || self.status == .suspect }

        init(record: MemberRecord, lastHeard: MonotonicTime) {
            self.known = Known(record)
            self.lastHeard = lastHeard
            self.lastAlive = lastHeard
        }
    }

    enum Change: Hashable {
        case appeared(NodeID), updated(NodeID), suspected(NodeID), recovered(NodeID), returned(NodeID)
        case revived(NodeID), died(NodeID), left(NodeID), forgotten(NodeID)
    }

    private let local: NodeID
    private let suspectAfter: Duration
    private let deadAfter: Duration
    private let limit: Int
    private(set) var members: [NodeID: Member] = [:]
    /// How many are alive or suspect, this node not counted.
    private(set) var liveCount = 0

    init(configuration: MeshConfiguration) {
        self.local = configuration.local.id
        self.suspectAfter = configuration.suspectAfter
        self.deadAfter = configuration.deadAfter
        self.limit = configuration.members
    }

    subscript(id: NodeID) -> Member? { self.members[id] }

    func status(of id: NodeID) -> Status? { self.members[id]?.status }

    func isLive(_ id: NodeID) -> Bool {
        let status = self.status(of: id)
        return status == .alive || status == .suspect
    }

    /// The live ones, in the order of their ids.
    var live: [Member] { self.members.values.filter(\.isLive).sorted { $0.record.id < $1.record.id } }
    /// The suspect ones, in the order of their ids.
    var suspects: [Member] {
        self.members.values.filter { $0.status == .suspect }.sorted { $0.record.id < $1.record.id }
    }
    /// Whether one more may come in.
    var hasRoom: Bool { self.liveCount + 1 < self.limit }

    /// A digest of who is alive with which record, this node's own among them; equal rosters have equal digests.
    func digest(with own: UInt64) -> UInt64 {
        var digest = own
        for member in self.members.values where member.isLive { digest ^= member.digest }
        return digest
    }

    /// FNV-1a over the id and the revision: the same on every machine and in every language.
    static func digest(of record: MemberRecord) -> UInt64 {
        var bytes = record.id.bytes
        bytes.appendBigEndian(record.revision)
        return bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
    }

    /// News of a member, from itself (`silence` zero) or from others.
    mutating func learn(_ record: MemberRecord, silence: Duration, at now: MonotonicTime) -> Change? {
        guard record.id != self.local else { return nil }
        if var member = self.members[record.id] {
            guard member.status != .left else { return nil }
            let refutation = max(record.refutation, member.record.refutation)
            let isNewer = record.revision > member.record.revision
            if isNewer { member.record = record }
            member.record.refutation = refutation
            self.members[record.id] = member
            return isNewer && member.isLive ? .updated(record.id) : nil
        }
        guard self.hasRoom, silence < self.deadAfter else { return nil }
        let lastHeard = now + (.zero - silence)
        self.members[record.id] = Member(record: record, lastHeard: lastHeard)
        self.liveCount += 1
        return .appeared(record.id)
    }

    /// Another member knows that this one lived a while ago.
    ///
    /// A dead one that lived a moment ago is suspect again: others hear it, and it may soon be heard here.
    mutating func rumoured(
        _ id: NodeID, silence: Duration, refutation: UInt64 = 0, at now: MonotonicTime
    ) -> Change? {
        guard var member = self.members[id], member.status != .left else { return nil }
        member.record.refutation = max(member.record.refutation, refutation)
        let isRevived = member.status == .dead && silence < self.suspectAfter && self.hasRoom
        if isRevived {
            self.liveCount += 1
            member.status = .suspect
            member.forgetAt = nil
        }
        if member.isLive { member.lastAlive = max(member.lastAlive, now + (.zero - silence)) }
        self.members[id] = member
        return isRevived ? .revived(id) : nil
    }

    /// A word from a member itself.
    mutating func heard(_ id: NodeID, at now: MonotonicTime) -> Change? {
        guard let index = self.members.index(forKey: id) else { return nil }
        let before = self.members.values[index].status
        guard before != .left else { return nil }
        if before == .alive {
            // In place: this happens with every message.
            self.members.values[index].lastHeard = now
            self.members.values[index].lastAlive = now
            return nil
        }
        var member = self.members.values[index]
        if before == .dead {
            guard self.hasRoom else { return nil }
            self.liveCount += 1
        }
        member.status = .alive
        member.lastHeard = now
        member.lastAlive = now
        member.forgetAt = nil
        self.members[id] = member
        switch before {
        case .alive, .left: return nil
        case .suspect: return .recovered(id)
        case .dead: return .returned(id)
        }
    }

    mutating func left(_ id: NodeID, at now: MonotonicTime) -> Change? {
        guard var member = self.members[id], member.status != .left else { return nil }
        if member.isLive { self.liveCount -= 1 }
        member.status = .left
        member.forgetAt = now + MeshDefaults.leftTombstone
        self.members[id] = member
        return .left(id)
    }

    /// One that left is remembered for as long again: something of it is still being looked for.
    mutating func linger(_ id: NodeID, at now: MonotonicTime) {
        guard self.members[id]?.status == .left else { return }
        self.members[id]?.forgetAt = now + MeshDefaults.leftTombstone
    }

    mutating func died(_ id: NodeID, at now: MonotonicTime) -> Change? {
        guard var member = self.members[id], member.isLive else { return nil }
        self.liveCount -= 1
        member.status = .dead
        member.forgetAt = now + MeshDefaults.deadTombstone
        self.members[id] = member
        return .died(id)
    }

    /// This node itself was not there for a while: that is nobody else's silence.
    mutating func excuse(_ lateness: Duration, at now: MonotonicTime) {
        for (id, member) in self.members where member.isLive {
            self.members[id]?.lastHeard = min(now, member.lastHeard + lateness)
            self.members[id]?.lastAlive = min(now, member.lastAlive + lateness)
        }
    }

    /// Time has passed.
    ///
    /// - Parameter patience: By how much this node multiplies what the others may be silent, because it is late itself.
    mutating func tick(patience: Int = 1, at now: MonotonicTime) -> [Change] {
        var changes: [Change] = []
        let due = self.members.keys.filter { id in
            guard let member = self.members[id] else { return false }
            return !member.isLive || now - member.lastHeard >= min(self.suspectAfter, self.deadAfter) * patience
        }
        for id in due.sorted() {
            guard let member = self.members[id] else { continue }
            switch member.status {
            case .alive, .suspect:
                if now - member.lastAlive >= self.deadAfter * patience {
                    if let change = self.died(id, at: now) { changes.append(change) }
                } else if now - member.lastHeard >= self.suspectAfter * patience, member.status == .alive {
                    self.members[id]?.status = .suspect
                    changes.append(.suspected(id))
                }
            case .dead, .left:
                if let forgetAt = member.forgetAt, now >= forgetAt {
                    self.members[id] = nil
                    changes.append(.forgotten(id))
                }
            }
        }
        return changes
    }

    /// Lets the oldest tombstones go, where there are too many.
    mutating func forgetOldest() -> [Change] {
        let surplus = self.members.count - MeshDefaults.remembered
        guard surplus > 0 else { return [] }
        let tombstones = self.members.values.filter { $0.forgetAt != nil }
            .sorted { ($0.lastHeard, $0.record.id) < ($1.lastHeard, $1.record.id) }
        return tombstones.prefix(surplus).map { member in
            self.members[member.record.id] = nil
            return .forgotten(member.record.id)
        }
    }
}
