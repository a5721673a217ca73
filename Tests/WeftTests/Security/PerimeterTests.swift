// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import WeftBus
import WeftProtocol
import WeftTestKit
import WeftValue
import ZeroMQ

@testable import Weft

/// All sockets that a node with keys binds, against those who are not let in.
@Suite(.timeLimit(.minutes(2)))
struct PerimeterTests {
    @Test(arguments: [true, false])
    func nobodyWithoutATrustedKeyGetsAWordInOrOut(hasKey: Bool) async throws {
        let ran = Collector<String>("a task that ran")
        try await SecureCluster.with { request in
            ran.append(request.id)
            return .completed(TaskResult(request.payload))
        } _: { cluster in
            // It knows everything that can be known: addresses, ids, epochs and the public keys of the nodes.
            let key = hasKey ? try cluster.mesh.makeKey("mallory", isTrusted: false) : nil
            let id = NodeID.random()
            let routingID = RoutingID(node: id, link: 1).bytes
            let heard = Collector<String>("an event")
            for node in [cluster.boss, cluster.workerNode] {
                node.bus.on(matching: "evil") { (event: EventRecord) in heard.append(event.name.rawValue) }
            }
            let (boss, worker) = (cluster.boss, cluster.workerNode)
            var strangers: [Stranger] = []
            for (node, nodeKey) in [(boss, cluster.bossKey), (worker, cluster.workerKey)] {
                let dealer = try Stranger.connected(
                    .dealer, to: try SecureCluster.address(of: node, 0), key: key, serverKey: nodeKey,
                    routingID: routingID)
                let own = MemberRecord(
                    id: id, name: "mallory", control: "tcp://127.0.0.1:9", publish: "tcp://127.0.0.1:10")
                let words: [ControlMessage] = [
                    .hello(own), .request(id: 1, method: "status", body: .null),
                    .request(
                        id: 2, method: "task.submit", body: TaskSubmission(id: "evil", payload: "hello").value),
                    .snapshotRequest(id: 3, floors: [:]),
                ]
                for word in words { dealer.send(word.encoded()) }
                let subscriber = try Stranger.connected(
                    .sub, to: try SecureCluster.address(of: node, 1), key: key, serverKey: nodeKey, subscribing: true)
                strangers += [dealer, subscriber]
            }
            let sink = try Stranger.connected(
                .push, to: try SecureCluster.address(of: boss, 2), key: key, serverKey: cluster.bossKey)
            let registration = WorkerRegistration(name: "w-1", slots: 10, endpoint: "tcp://127.0.0.1:9", session: 9)
            sink.send(TaskFrame.encode(.register(registration), from: worker.id))
            let dispatch = try Stranger.connected(
                .push, to: try SecureCluster.address(of: worker, 3), key: key, serverKey: cluster.workerKey)
            let evil = TaskRequest(id: "evil", source: .submit, payload: "hello")
            dispatch.send(TaskFrame.encode(.dispatch([evil]), to: worker.id, epoch: try await cluster.epoch))
            strangers += [sink, dispatch]
            // Each of the three sockets of both has turned somebody away.
            for node in [boss, worker] {
                try await cluster.mesh.until {
                    let counters = try await cluster.counters(of: node)
                    return (hasKey ? counters.refusedKeys : counters.refusedHandshakes) >= 3
                }
                for number in 0..<100 { await node.bus.emit("order:created", number) }
                #expect(await node.flush().isComplete)
            }
            _ = try await cluster.coordinator.submit(TaskSubmission(id: "good", payload: "hello"))
            _ = try await cluster.coordinator.outcome(of: "good", within: .seconds(30))
            #expect(ran.elements == ["good"])
            #expect(strangers.allSatisfy { $0.received.elements.isEmpty })
            #expect(heard.elements.isEmpty)
            for node in [boss, worker] {
                #expect(Set(await node.members().map(\.record.name)) == ["boss", "w-1"])
                #expect(try await cluster.counters(of: node).impostors == 0)
                #expect(await node.status().counters.badFrames.isEmpty)
            }
            #expect(try await cluster.coordinator.task("evil") == nil)
            for stranger in strangers { await stranger.close() }
        }
    }

    @Test func whoSpeaksPlainlySeesTheGreetingAndNothingElse() async throws {
        try await SecureCluster.with { request in
            .completed(TaskResult(request.payload))
        } _: { cluster in
            // ZMTP 3.0's greeting for the mechanism NULL, then READY of a DEALER, a HELLO and a subscription to everything.
            var greeting: [UInt8] = [0xFF, 0, 0, 0, 0, 0, 0, 0, 0, 0x7F, 3, 0] + Array("NULL".utf8)
            greeting += [UInt8](repeating: 0, count: 64 - greeting.count)
            let ready: [UInt8] =
                [4, 25, 5] + Array("READY".utf8) + [11] + Array("Socket-Type".utf8) + [0, 0, 0, 3] + Array("SUB".utf8)
            let subscription: [UInt8] = [0, 1, 1]
            let ports: [(Node, [UInt16])] = [(cluster.boss, [0, 1, 2]), (cluster.workerNode, [0, 1, 3])]
            for (node, offsets) in ports {
                for offset in offsets {
                    let endpoint = try Endpoint(try SecureCluster.address(of: node, offset))
                    let port = UInt16(try #require(endpoint.port))
                    let seen = try await PlainSocket.answers(of: port, to: greeting + ready + subscription)
                    // Signature, version, CURVE, "I am the server", and zeros: the same for every node of every mesh.
                    var expected: [UInt8] = [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 1] + Array("CURVE".utf8)
                    expected += [UInt8](repeating: 0, count: 32 - expected.count) + [1]
                    expected += [UInt8](repeating: 0, count: 64 - expected.count)
                    #expect(seen.count <= 64)
                    #expect(Self.isSame(seen, expected), "\(offset): \(seen)")
                }
            }
        }
    }

    @Test(arguments: [0, 1])
    func whoSpeaksSlowlyOrNotAtAllIsHungUpOn(bytes: Int) async throws {
        try await SecureCluster.with { request in
            .completed(TaskResult(request.payload))
        } _: { cluster in
            let control = UInt16(try #require(try Endpoint(try SecureCluster.address(of: cluster.boss, 0)).port))
            // A greeting that takes a minute, and none.
            let greeting: [UInt8] = [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 0] + Array("CURVE".utf8)
            let words = bytes == 0 ? [] : greeting + [UInt8](repeating: 0, count: 100)
            let start = ContinuousClock.now
            let seen = try await PlainSocket.answers(of: control, to: words, pause: .milliseconds(500))
            let time = ContinuousClock.now - start
            // 5 s, and on a busy machine some more; its greeting alone would take a minute.
            #expect(time > .seconds(4) && time < .seconds(40), "\(time)")
            #expect(seen.count <= 64)
            // It is counted by way of the socket's monitor, a moment after.
            try await cluster.mesh.until {
                try await cluster.counters(of: cluster.boss).refusedHandshakes >= 1
            }
        }
    }

    /// What was seen may be a part, and the number of the version's second half is libzmq's own matter.
    private static func isSame(_ seen: [UInt8], _ expected: [UInt8]) -> Bool {
        zip(seen, expected).enumerated().allSatisfy {
            $0.offset == 11 || $0.offset == 8 || $0.element.0 == $0.element.1
        }
    }
}
