// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Locking
import Logging
import WeftBus
import WeftProtocol
import ZeroMQ

/// A node's keys at work: what its sockets prove, whom they let in, and who has proved to be whom.
///
/// All planes of a node share it. Its state is read and changed on the node's loop, but for the counters.
final class NodeSecurity: Sendable {
    private struct State {
        var pair: CurveKeyPair
        var identities: IdentityGuard
        var owners: [CurvePublicKey: String]
        /// Who has come in where since the sockets there were bound.
        var admitted: [SocketDomain: Set<CurvePublicKey>] = [:]
        /// What members say about the key of their sockets.
        var advertised: [NodeID: (name: String, key: CurvePublicKey)] = [:]
        var counters = SecurityCounters()
        var observers: [UInt64: @Sendable (SecurityChange) -> Void] = [:]
        var lastObserver: UInt64 = 0
        var authenticator: Authenticator?
        /// What its own entry of the trust directory says that its key may do; nil when there is none.
        var ownRoles: Set<NodeRole>?
        /// Refusals are logged once for each key, as long as there are few.
        var logged: Set<CurvePublicKey> = []
    }

    private static let loggedKeys = 64

    /// The stable name that the node's key stands for.
    let name: String
    private let state: Locked<State>
    private let logger: Logger

    /// Takes what the files say.
    init(key: KeyFile, trust: TrustList, logger: Logger) {
        let valid = Self.withOwn(trust.valid(at: Date()), key.name, key.pair)
        self.name = key.name
        self.logger = logger
        self.state = Locked(
            State(
                pair: key.pair, identities: IdentityGuard(trust: valid), owners: Self.owners(valid),
                ownRoles: Self.ownRoles(trust, key)))
    }

    /// Begins to let in those who are trusted.
    func begin(on loop: SocketLoop) throws(ZeroMQError) {
        let users = self.state.withLock { $0.owners }
        let authenticator = try Authenticator(context: loop.context, users: users, loop: loop) { [weak self] decision in
            self?.decided(decision)
        }
        self.state.withLock { $0.authenticator = authenticator }
    }

    /// Refuses a role that the node's own entry of the trust directory does not give its key: the others would refuse it, too.
    ///
    /// - Throws: ``TrustError``; not when there is no such entry, since the others' directories are what counts.
    func require(_ role: NodeRole) throws(TrustError) {
        guard role != .peer, let roles = self.state.withLock({ $0.ownRoles }), !roles.contains(role) else { return }
        let known = roles.isEmpty ? "no role" : roles.sorted().map(\.name).joined(separator: ", ")
        throw TrustError(
            .permissions,
            "the key of \(self.name) (\(self.publicKey.text)) is not trusted as \(role.name): its file in the trust directory gives it "
                + "\(known); add the role there and at the others, or use another key")
    }

    private static func ownRoles(_ trust: TrustList, _ key: KeyFile) -> Set<NodeRole>? {
        guard let entry = trust[key.name], entry.keys.contains(where: { $0.text == key.publicKey }) else { return nil }
        return entry.roles
    }

    // MARK: Sockets

    var publicKey: CurvePublicKey { self.state.withLock { $0.pair.publicKey } }

    /// Makes a socket one that only those who are trusted can connect to.
    func secure(server socket: borrowing Socket, _ domain: SocketDomain) throws(ZeroMQError) {
        try socket.useCurve(server: self.state.withLock { $0.pair }, domain: domain.rawValue)
    }

    /// Makes a socket one that connects only to the owner of a key.
    func secure(client socket: borrowing Socket, to key: CurvePublicKey) throws(ZeroMQError) {
        try socket.useCurve(client: self.state.withLock { $0.pair }, serverKey: key)
    }

    /// The key that a member's sockets prove, as far as it is trusted.
    func key(of record: MemberRecord) -> CurvePublicKey? {
        self.state.withLock { state in
            guard let entry = state.identities.trust[record.name] else { return nil }
            let trusted = record.key.flatMap { key in entry.keys.first { $0.text == key } }
            guard let key = trusted ?? (record.key == nil ? entry.keys.first : nil) else { return nil }
            return try? CurvePublicKey(key.text)
        }
    }

    /// The key that the sockets of a member with this id prove.
    func key(of id: NodeID) -> CurvePublicKey? {
        self.state.withLock { state in
            guard let known = state.advertised[id], state.owners[known.key] == known.name else { return nil }
            return known.key
        }
    }

    /// All trusted keys with their owners, in the order in which an unknown address is tried.
    var candidates: [(key: CurvePublicKey, name: String)] {
        self.state.withLock { state in
            state.identities.trust.ordered.compactMap { key, name in
                (try? CurvePublicKey(key)).map { ($0, name) }
            }
        }
    }

    /// How many of the ``candidates`` are coordinators' keys, which come first.
    var coordinatorKeys: Int {
        self.state.withLock { state in
            state.identities.trust.entries.values.reduce(0) {
                $0 + ($1.roles.contains(.coordinator) ? $1.keys.count : 0)
            }
        }
    }

    // MARK: Identity

    /// Judges a control message by who has proved to have sent it.
    func check(
        _ message: ControlMessage, from user: String?, as sender: NodeID?
    ) -> IdentityGuard.Verdict {
        self.state.withLock { state in
            guard let user, state.identities.trust[user] != nil else {
                state.counters.revoked += 1
                return .drop
            }
            return state.identities.check(message, from: user, as: sender)
        }
    }

    /// Whether a message of the task plane may come from a user, as this node and in this role.
    func accepts(_ id: NodeID, named name: String? = nil, from user: String?, as role: NodeRole) -> Bool {
        self.state.withLock { state in
            guard let user, state.identities.trust[user] != nil else {
                state.counters.revoked += 1
                return false
            }
            return state.identities.accepts(id, named: name, from: user, as: role)
        }
    }

    /// Whether a user may act in a role.
    func mayAct(_ user: String?, as role: NodeRole) -> Bool {
        self.state.withLock { state in
            guard let user, let entry = state.identities.trust[user] else {
                state.counters.revoked += 1
                return false
            }
            if entry.roles.contains(role) { return true }
            state.counters.impostors += 1
            return false
        }
    }

    /// Whether a node has proved to be an operator's.
    func isOperator(_ id: NodeID) -> Bool {
        self.state.withLock { state in
            let owner = state.identities.owner(of: id)
            if let owner, state.identities.trust[owner]?.roles.contains(.operator) == true { return true }
            state.counters.refusedCommands += 1
            return false
        }
    }

    /// Whether an id is another's than a user's, as far as anybody has proved it.
    func isImpostor(_ id: NodeID, _ user: String?) -> Bool {
        self.state.withLock { state in
            guard let owner = state.identities.owner(of: id), owner != user else { return false }
            state.counters.impostors += 1
            return true
        }
    }

    /// A member has sent events that are not its own.
    func forged() {
        self.state.withLock { $0.counters.impostors += 1 }
    }

    /// Whether a name is trusted.
    func trusts(_ name: String) -> Bool { self.state.withLock { $0.identities.trust[name] != nil } }

    /// How many nodes are trusted.
    var trustedCount: Int { self.state.withLock { $0.identities.trust.entries.count } }

    /// Remembers which keys the members' sockets prove, and whose ids must be kept; forgets who is gone.
    func follow(_ members: [MemberStatus]) {
        self.state.withLock { state in
            var advertised: [NodeID: (name: String, key: CurvePublicKey)] = [:]
            for member in members {
                let entry = state.identities.trust[member.record.name]
                guard let text = member.record.key ?? entry?.keys.first?.text, let key = try? CurvePublicKey(text)
                else { continue }
                advertised[member.record.id] = (member.record.name, key)
            }
            state.advertised = advertised
            state.identities.members = Set(members.map(\.record.id))
            state.identities.addresses = [:]
            for member in members where member.state == .alive || member.state == .suspect {
                for address in [member.record.control, member.record.publish] {
                    state.identities.addresses[address] = member.record.id
                }
            }
        }
    }

    // MARK: Changes

    /// Learns of changes on the loop, until the token is handed back.
    func observe(_ observer: @escaping @Sendable (SecurityChange) -> Void) -> UInt64 {
        self.state.withLock { state in
            state.lastObserver += 1
            state.observers[state.lastObserver] = observer
            return state.lastObserver
        }
    }

    func stopObserving(_ token: UInt64) {
        self.state.withLock { $0.observers[token] = nil }
    }

    /// Takes what the files say now.
    ///
    /// - Returns: What has changed, for the sockets; nil when nothing that matters to them has.
    func update(trust: TrustList?, key: KeyFile?) -> SecurityChange? {
        let (change, observers, authenticator, owners) = self.state.withLock { state in
            var change = SecurityChange()
            if let key, key.pair != state.pair {
                state.pair = key.pair
                change.isRotated = true
            }
            if let trust = trust.map({ Self.withOwn($0, self.name, state.pair) }) {
                let owners = Self.owners(trust)
                for (domain, admitted) in state.admitted {
                    let gone = admitted.filter { state.owners[$0] != nil && owners[$0] != state.owners[$0] }
                    if !gone.isEmpty { change.gone[domain] = gone }
                    state.admitted[domain] = admitted.subtracting(gone)
                }
                state.identities.trust = trust
                state.identities.forget { _, name in trust[name] == nil }
                state.owners = owners
            }
            if !change.gone.isEmpty || change.isRotated { state.counters.rebinds += 1 }
            return (change, Array(state.observers.values), state.authenticator, state.owners)
        }
        authenticator?.replace(owners)
        guard !change.gone.isEmpty || change.isRotated else { return nil }
        for observer in observers { observer(change) }
        return change
    }

    // MARK: Counting

    var counters: SecurityCounters {
        self.state.withLock { state in
            var counters = state.counters
            counters.impostors += state.identities.impostors
            counters.idsForgotten = state.identities.forgotten
            return counters
        }
    }

    /// Counts the connections to a server of this node whose handshake fails before anybody is asked.
    func monitored(_ events: [MonitorEvent]) {
        let failed = events.count { $0.kind == .handshakeFailed || $0.kind == .handshakeFailedProtocol }
        guard failed > 0 else { return }
        let otherKeys = events.count(where: \.isOtherKey)
        self.state.withLock { state in
            state.counters.otherServerKeys += UInt64(otherKeys)
            state.counters.refusedHandshakes += UInt64(failed - otherKeys)
        }
    }

    func refusedElsewhere() {
        self.state.withLock { $0.counters.refusedElsewhere += 1 }
    }

    /// Says and counts that a socket's address could not be had again.
    func trouble(with domain: SocketDomain) -> @Sendable (RebindTrouble) -> Void {
        { [weak self] trouble in self?.troubled(trouble, domain) }
    }

    private func troubled(_ trouble: RebindTrouble, _ domain: SocketDomain) {
        switch trouble {
        case .deaf(let endpoint, let error):
            self.state.withLock { $0.counters.rebindsDelayed += 1 }
            self.logger.error(
                "Somebody has taken this node's address while it was bound anew; nobody can connect until it is free",
                metadata: [
                    "weft.endpoint": "\(endpoint)", "weft.socket": "\(domain.rawValue)", "error": "\(error.message)",
                ])
        case .over(let endpoint):
            self.logger.notice(
                "This node's address is its own again",
                metadata: ["weft.endpoint": "\(endpoint)", "weft.socket": "\(domain.rawValue)"])
        }
    }

    func badFile() {
        self.state.withLock { $0.counters.badFiles += 1 }
    }

    private func decided(_ decision: Authenticator.Decision) {
        let isNew = self.state.withLock { state -> Bool in
            if decision.userID != nil {
                if let key = decision.key, let domain = SocketDomain(rawValue: decision.domain) {
                    state.admitted[domain, default: []].insert(key)
                }
                return false
            }
            state.counters.refusedKeys += 1
            guard let key = decision.key, state.logged.count < Self.loggedKeys else { return false }
            return state.logged.insert(key).inserted
        }
        guard isNew, let key = decision.key else { return }
        self.logger.warning(
            "A key that is not trusted was refused",
            metadata: [
                "peer.key": "\(key)", "peer.address": "\(decision.address)", "weft.socket": "\(decision.domain)",
            ])
    }

    /// Whoever has this node's own key is this node's own kind, whether or not a file says so: a command that shares its key, or the
    /// node itself, at a seed's address.
    private static func withOwn(_ trust: TrustList, _ name: String, _ pair: CurveKeyPair) -> TrustList {
        var entry = trust[name] ?? TrustEntry(name: name, keys: [])
        let own = TrustedKey(pair.publicKey.text)
        guard !entry.keys.contains(where: { $0.text == own.text }) else { return trust }
        entry.keys.insert(own, at: 0)
        let others = trust.entries.values.filter { $0.name != name }
        return (try? TrustList(others + [entry])) ?? trust
    }

    private static func owners(_ trust: TrustList) -> [CurvePublicKey: String] {
        var owners: [CurvePublicKey: String] = [:]
        for (text, name) in trust.owners { if let key = try? CurvePublicKey(text) { owners[key] = name } }
        return owners
    }
}
