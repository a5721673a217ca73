// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import WeftBus
import WeftProtocol
import WeftValue

struct IdentityGuardTests {
    private static let (aliceKey, bossKey) = (String(repeating: "a", count: 40), String(repeating: "b", count: 40))

    private static func make() throws -> IdentityGuard {
        IdentityGuard(
            trust: try TrustList([
                TrustEntry(name: "alice", keys: [TrustedKey(Self.aliceKey)]),
                TrustEntry(name: "bob", keys: [TrustedKey(String(repeating: "c", count: 40))]),
                TrustEntry(name: "boss", roles: [.coordinator, .worker], keys: [TrustedKey(Self.bossKey)]),
            ]))
    }

    private static func record(
        _ name: String, _ id: NodeID, roles: Set<NodeRole> = [.peer], key: String? = nil
    ) -> MemberRecord {
        MemberRecord(
            id: id, name: name, roles: roles, control: "tcp://127.0.0.1:1", publish: "tcp://127.0.0.1:2",
            extras: ["sink": "tcp://127.0.0.1:3"], revision: 7, key: key)
    }

    @Test func aNodeIsTakenForWhatItsKeyProves() throws {
        var identities = try Self.make()
        let id = NodeID.random()
        let hello = ControlMessage.hello(Self.record("alice", id, key: Self.aliceKey), to: nil)
        #expect(identities.check(hello, from: "alice", as: id) == .pass(hello))
        let heartbeat = ControlMessage.heartbeat(head: 1, cursors: [:], digest: 0)
        #expect(identities.check(heartbeat, from: "alice", as: id) == .pass(heartbeat))
        #expect(identities.impostors == 0)
    }

    @Test func claimingToBeOrToDoSomethingElseIsRefusedAndCounted() throws {
        var identities = try Self.make()
        let id = NodeID.random()
        let claims = [
            Self.record("boss", id), Self.record("alice", id, roles: [.coordinator]),
            Self.record("alice", id, key: Self.bossKey), Self.record("alice", .random()),
        ]
        for (index, record) in claims.enumerated() {
            let verdict = identities.check(.hello(record, to: nil), from: "alice", as: id)
            guard case .refuse(.identity, _) = verdict else {
                Issue.record("claim \(index) is \(verdict)")
                continue
            }
            #expect(identities.impostors == UInt64(index + 1))
        }
    }

    @Test func anIDBelongsToWhoUsedItFirst() throws {
        var identities = try Self.make()
        let id = NodeID.random()
        _ = identities.check(.hello(Self.record("alice", id), to: nil), from: "alice", as: id)
        let stolen = identities.check(.hello(Self.record("bob", id), to: nil), from: "bob", as: id)
        guard case .refuse(.identity, _) = stolen else { throw Unexpected(verdict: stolen) }
        #expect(identities.check(.goodbye(head: 0), from: "bob", as: id) == .drop)
        #expect(identities.impostors == 2)
        let taken = identities.accepts(id, named: nil, from: "bob", as: .worker)
        #expect(!taken)
    }

    @Test func howeverManyIdsHaveComeAndGoneTheNextIsTakenAndMembersAreKept() throws {
        var identities = try Self.make()
        let (member, other) = (NodeID.random(), NodeID.random())
        identities.members = [member]
        _ = identities.check(.hello(Self.record("alice", member), to: nil), from: "alice", as: member)
        _ = identities.check(.hello(Self.record("bob", other), to: nil), from: "bob", as: other)
        // Each command is a new node; one key says hello as often as it likes.
        for _ in 0..<(IdentityGuard.maximumIDs + 10) {
            let id = NodeID.random()
            _ = identities.check(.hello(Self.record("alice", id), to: nil), from: "alice", as: id)
            #expect(identities.owner(of: id) == "alice")
        }
        #expect(identities.owner(of: member) == "alice")
        #expect(identities.owner(of: other) == "bob", "one key has taken another's room")
        for _ in 0..<(IdentityGuard.maximumIDs + 10) {
            let id = NodeID.random()
            _ = identities.check(.hello(Self.record("bob", id), to: nil), from: "bob", as: id)
        }
        let late = NodeID.random()
        let hello = ControlMessage.hello(Self.record("boss", late), to: nil)
        #expect(identities.check(hello, from: "boss", as: late) == .pass(hello))
        #expect(identities.owner(of: late) == "boss")
        #expect(identities.owner(of: member) == "alice")
        #expect(identities.forgotten > 0)
    }

    @Test func nobodyIsFoundWhereAnotherNameLives() throws {
        var identities = try Self.make()
        let (victim, id) = (NodeID.random(), NodeID.random())
        _ = identities.check(.hello(Self.record("alice", victim), to: nil), from: "alice", as: victim)
        identities.members = [victim]
        identities.addresses = ["tcp://127.0.0.1:1": victim]
        let record = Self.record("bob", id)
        #expect(identities.check(.hello(record, to: nil), from: "bob", as: id) == .drop)
        #expect(identities.impostors == 1)
        // Somewhere else it may be, and from there it can't move to the other one either.
        var honest = record
        honest.control = "tcp://127.0.0.1:5"
        #expect(identities.check(.hello(honest, to: nil), from: "bob", as: id) == .pass(.hello(honest, to: nil)))
        let move = ControlMessage.roster([RosterEntry(record: record, silence: 0)], wantsReply: false)
        #expect(identities.check(move, from: "bob", as: id) == .drop)
        #expect(identities.impostors == 2)
        // The same key may, as a process that was restarted does; and anybody when the former one is gone.
        let again = NodeID.random()
        let hello = ControlMessage.hello(Self.record("alice", again), to: nil)
        #expect(identities.check(hello, from: "alice", as: again) == .pass(hello))
        identities.addresses = [:]
        #expect(identities.check(move, from: "bob", as: id) == .pass(move))
    }

    @Test func whoIsNotTrustedAnyMoreIsNotHeard() throws {
        var identities = try Self.make()
        let id = NodeID.random()
        _ = identities.check(.hello(Self.record("alice", id), to: nil), from: "alice", as: id)
        identities.trust = try TrustList([TrustEntry(name: "boss", keys: [TrustedKey(Self.bossKey)])])
        #expect(identities.check(.goodbye(head: 0), from: "alice", as: id) == .drop)
    }

    @Test func newsOfOthersSayOnlyWhereTheyAre() throws {
        var identities = try Self.make()
        let (id, other, stranger, known) = (NodeID.random(), NodeID.random(), NodeID.random(), NodeID.random())
        let own = Self.record("alice", id)
        let roster = [
            RosterEntry(record: own, silence: 0),
            RosterEntry(record: Self.record("boss", other, roles: [.coordinator]), silence: 5),
            RosterEntry(record: Self.record("mallory", stranger), silence: 0),
            RosterEntry(record: Self.record("boss", known), silence: 0),
        ]
        let verdict = identities.check(.welcome(own, roster: roster), from: "alice", as: nil)
        guard case .pass(.welcome(own, let news)) = verdict else { throw Unexpected(verdict: verdict) }
        #expect(news.map(\.record.id) == [id, other, known])
        #expect(news.first?.record == own)
        #expect(news.last?.record.roles == [.peer])
        #expect(news.last?.record.extras == [:])
        #expect(news.last?.record.revision == 0)
        #expect(news.last?.record.control == "tcp://127.0.0.1:1")
    }

    @Test func aWorkerRegistersOnlyAsItselfAndWithTheRole() throws {
        var identities = try Self.make()
        let id = NodeID.random()
        let (asAlice, asBoss, named, later) = (
            identities.accepts(id, named: "alice", from: "alice", as: .worker),
            identities.accepts(id, named: nil, from: "boss", as: .worker),
            identities.accepts(id, named: "boss", from: "boss", as: .worker),
            identities.accepts(id, named: nil, from: "boss", as: .worker)
        )
        #expect(!asAlice)
        #expect(!asBoss)
        #expect(named)
        #expect(later)
        #expect(identities.impostors == 2)
    }

    private struct Unexpected: Error {
        let verdict: IdentityGuard.Verdict
    }
}
