// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import Weft
import WeftProtocol
import WeftTestKit

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

    @Test func aNodeStartsOnce() async throws {
        let node = TestMesh.node("once")
        try await node.start()
        await node.stop()
        let error = await #expect(throws: NodeError.self) { try await node.start() }
        #expect(error?.code == .state)
    }
}
