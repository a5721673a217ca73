// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import Weft
import WeftProtocol
import WeftTestKit
import ZeroMQ

@testable import Weft

@Suite(.timeLimit(.minutes(2)))
struct JoinTests {
    @Test func whatIsEmittedRightAfterJoiningArrivesEverywhere() async throws {
        try await TestMesh.with(2) { nodes in
            let heard = Collector<Int>("first words of joiners")
            for node in nodes { node.bus.on("hello") { (number: Int) in heard.append(number) } }
            for round in 0..<50 {
                let joiner = TestMesh.node("joiner-\(round)", joining: [nodes[round % 2]])
                try await joiner.start()
                try await TestMesh.stopping([joiner]) {
                    await joiner.bus.emit("hello", round)
                    try await heard.wait { $0.count { $0 == round } >= 2 }
                }
            }
            #expect(heard.count == 100)
        }
    }

    @Test func whatOthersEmitRightAfterAJoinIsHeardByTheJoiner() async throws {
        try await TestMesh.with(3) { nodes in
            for round in 0..<10 {
                let joiner = TestMesh.node("joiner-\(round)", joining: [nodes[0]])
                let heard = Collector<Int>("words for the joiner")
                joiner.bus.on("welcome") { (number: Int) in heard.append(number) }
                try await joiner.start()
                try await TestMesh.stopping([joiner]) {
                    for (index, node) in nodes.enumerated() { await node.bus.emit("welcome", index) }
                    try await heard.wait { $0.count == 3 }
                    #expect(Set(heard.elements) == [0, 1, 2])
                }
            }
        }
    }

    @Test func nodesThatJoinThroughOneMemberFindEachOther() async throws {
        let first = TestMesh.node("first")
        try await first.start()
        let others = (0..<3).map { TestMesh.node("other-\($0)", joining: [first]) }
        try await TestMesh.stopping([first] + others) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for other in others { group.addTask { try await other.start() } }
                try await group.waitForAll()
            }
            for node in [first] + others {
                for peer in [first] + others where peer.id != node.id {
                    let member = await node.member(within: .seconds(10)) { $0.record.id == peer.id && $0.isJoined }
                    #expect(member?.record.name == peer.configuration.name)
                }
            }
        }
    }

    @Test func anUnreachableSeedIsNamedInTheError() async throws {
        let node = Node(
            configuration: TestMesh.configuration(
                "lonely", seeds: ["tcp://127.0.0.1:9"], joinTimeout: .milliseconds(600)))
        let error = try #require(await #expect(throws: NodeError.self) { try await node.start() })
        #expect(error.code == .join)
        #expect(error.mesh?.code == .unreachable)
        #expect(error.message.contains("tcp://127.0.0.1:9"))
    }

    @Test func aNodeThatStartsBeforeItsSeedFindsItLater() async throws {
        let address = try await TestMesh.freeAddress()
        let early = Node(configuration: TestMesh.configuration("early", seeds: [address], joinTimeout: nil))
        try await early.start(waitingForJoin: false)
        let seed = Node(configuration: TestMesh.configuration("seed", bind: address))
        try await TestMesh.stopping([early, seed]) {
            try await seed.start()
            let found = await early.member(within: .seconds(20)) { $0.record.name == "seed" && $0.isJoined }
            #expect(found != nil)
        }
    }

    @Test func aNodeThatIsItsOwnSeedIsTheFirst() async throws {
        let address = try await TestMesh.freeAddress()
        let node = Node(configuration: TestMesh.configuration("self", bind: address, seeds: [address]))
        try await TestMesh.stopping([node]) {
            try await node.start()
            #expect(await node.members().count == 1)
        }
    }

    @Test func anAddressInUseIsNamedInTheError() async throws {
        try await TestMesh.with(1) { nodes in
            let address = try #require(nodes[0].controlAddress)
            let second = Node(configuration: TestMesh.configuration("second", bind: address))
            let error = try #require(await #expect(throws: NodeError.self) { try await second.start() })
            #expect(error.code == .addressInUse)
            #expect(error.message.contains(address))
        }
    }

    @Test(
        arguments: [
            ("tcp://0.0.0.0:7400", nil, true, NodeError.Code.advertise),
            ("tcp://0.0.0.0:7400", "127.0.0.1", false, NodeError.Code.insecure),
            ("tcp://10.1.2.3:7400", nil, false, NodeError.Code.insecure),
            ("tcp://127.0.0.1:65534", nil, false, NodeError.Code.address),
            ("ipc:///tmp/weft", nil, false, NodeError.Code.address),
            ("127.0.0.1:7400", nil, false, NodeError.Code.address),
            ("tcp://127.0.0.1:7400", "a b", false, NodeError.Code.advertise),
            ("tcp://192.0.2.1:7400", nil, true, NodeError.Code.address),
        ] as [(String, String?, Bool, NodeError.Code)])
    func anAddressThatCannotWorkIsAnErrorAtStart(
        bind: String, advertise: String?, isInsecure: Bool, code: NodeError.Code
    ) async throws {
        let node = Node(
            configuration: TestMesh.configuration(
                "misplaced", bind: bind, advertise: advertise, isInsecure: isInsecure))
        let error = try #require(await #expect(throws: NodeError.self) { try await node.start() })
        #expect(error.code == code)
    }

    /// What a node would bind to; the seeds are never dialled.
    private static func addresses(
        bind: String? = nil, advertise: String? = nil, _ seeds: String..., isInsecure: Bool = true
    ) throws(NodeError) -> NodeAddresses {
        try NodeAddresses(
            TestMesh.configuration("far", bind: bind, advertise: advertise, seeds: seeds, isInsecure: isInsecure))
    }

    @Test func aNodeThatOnlyItsOwnMachineCanDialDoesNotJoinOnAnother() throws {
        let far = "tcp://203.0.113.1:7400"
        let error = try #require(
            #expect(throws: NodeError.self) { try Self.addresses(bind: "tcp://127.0.0.1:7500", far) })
        #expect(error.code == .advertise)
        #expect(error.message.contains(far) && error.message.contains("--bind tcp://"))
        #expect(throws: Never.self) {
            _ = try Self.addresses(bind: "tcp://127.0.0.1:7500", advertise: "203.0.113.9", far)
            _ = try Self.addresses(bind: "tcp://127.0.0.1:7500", "tcp://127.0.0.1:7400")
            _ = try Self.addresses(bind: "tcp://127.0.0.1:7500", "tcp://localhost:7400")
        }
        let unknown = try #require(
            #expect(throws: NodeError.self) { try Self.addresses("tcp://no-such-host.invalid:7400") })
        #expect(unknown.code == .advertise)
        let open = try #require(#expect(throws: NodeError.self) { try Self.addresses(far, isInsecure: false) })
        #expect(open.code == .insecure)
    }

    @Test func withoutAnAddressANodeBindsWhereItsSeedsCanDialIt() throws {
        #expect(try Self.addresses("tcp://127.0.0.1:7400").bind.description == "tcp://127.0.0.1:*")
        // Where there is no network, there is no other machine either.
        guard let host = try Endpoint("tcp://203.0.113.1:7400").localHostTowards else { return }
        let addresses = try Self.addresses("tcp://127.0.0.1:7400", "tcp://203.0.113.1:7400")
        #expect(addresses.bind.address == host && addresses.bind.port == nil)
        #expect(!addresses.bind.isLoopback)
        #expect(addresses.advertised(addresses.bind.withPort(7500)) == "tcp://\(host):7500")
    }

    @Test func whatOthersWouldIgnoreIsAnErrorAtStart() async throws {
        var configuration = TestMesh.configuration(String(repeating: "n", count: 257))
        let long = try #require(
            await #expect(throws: NodeError.self) { try await Node(configuration: configuration).start() })
        #expect(long.code == .tooLarge)
        #expect(long.message.contains("257 bytes") && long.message.contains("at most 256"))
        configuration = TestMesh.configuration("large")
        configuration.extras = ["large": .string(String(repeating: "e", count: 16 << 10))]
        let large = try #require(
            await #expect(throws: NodeError.self) { try await Node(configuration: configuration).start() })
        #expect(large.code == .tooLarge)
        let most = Node(configuration: TestMesh.configuration(String(repeating: "n", count: 256)))
        try await most.start()
        await most.stop()
    }

    @Test func aNodeStartsOnce() async throws {
        let node = TestMesh.node("once")
        try await node.start()
        await node.stop()
        let error = await #expect(throws: NodeError.self) { try await node.start() }
        #expect(error?.code == .state)
    }
}
