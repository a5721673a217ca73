// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import WeftBus
import WeftProtocol
import WeftTestKit
import WeftValue
import ZeroMQ

@testable import Weft

/// Trusted keys in the wrong role, on the sockets of the task plane: what they say changes nothing.
@Suite(.timeLimit(.minutes(2)))
struct ForgeryTests {
    @Test func aResultForAnotherWorkersLeaseDoesNotCount() async throws {
        let gate = Gate("the end of the work")
        try await SecureCluster.with { request in
            try? await gate.pass()
            return .completed(TaskResult("done by w-1"))
        } _: { cluster in
            let mallory = try cluster.mesh.makeKey("mallory", roles: [.worker])
            try await cluster.trusts("mallory")
            _ = try await cluster.coordinator.submit(TaskSubmission(id: "t-1", payload: "hello"))
            try await gate.arrivals(1)
            let reference = TaskReference(id: "t-1", attempt: 1, epoch: try await cluster.epoch)
            let sink = try SecureCluster.address(of: cluster.boss, 2)
            let push = try Stranger.connected(.push, to: sink, key: mallory, serverKey: cluster.bossKey)
            let forged = TaskOutcome.completed(TaskResult("done by mallory"))
            // In the name of the worker that has the lease: all that could end or move the task.
            let inItsName: [WorkerMessage] = [
                .result(reference, forged), .draining(returned: [reference]), .goodbye(returned: [reference]),
                .heartbeat(WorkerHeartbeat(sequence: 1_000, ping: 1_000, held: [])), .progress(reference, "half"),
                .register(
                    WorkerRegistration(name: "w-1", slots: 1, endpoint: "tcp://127.0.0.1:9", session: 1_000)),
            ]
            for message in inItsName { push.send(TaskFrame.encode(message, from: cluster.workerNode.id)) }
            // In its own name, of which the coordinator knows nothing, and then as a worker that is taken on.
            let own = NodeID.random()
            push.send(TaskFrame.encode(.result(reference, forged), from: own))
            let registration = WorkerRegistration(
                name: "mallory", slots: 1, endpoint: "tcp://127.0.0.1:9", held: [reference])
            push.send(TaskFrame.encode(.register(registration), from: own))
            push.send(TaskFrame.encode(.result(reference, forged), from: own))
            push.send(TaskFrame.encode(.goodbye(returned: [reference]), from: own))
            // A connection keeps the order: whoever says goodbye again is a stranger, and all before it has been looked at.
            push.send(TaskFrame.encode(.started([reference]), from: own))
            try await cluster.mesh.until { (await cluster.coordinator.status?.counters.strangers ?? 0) >= 1 }
            #expect(try await cluster.counters(of: cluster.boss).impostors >= UInt64(inItsName.count))
            var record = try #require(try await cluster.coordinator.task("t-1"))
            #expect(record.status.state == .running)
            #expect(record.status.attempt == 1)
            gate.open()
            record = try #require(try await cluster.coordinator.outcome(of: "t-1", within: .seconds(30)))
            #expect(record.status.outcome == .completed(TaskResult("done by w-1")))
            let counters = try #require(await cluster.coordinator.status?.counters)
            #expect(counters.completed == 1)
            #expect(counters.dealt == 1)
            await push.close()
        }
    }

    @Test func onlyACoordinatorsKeyDealsTasksAndStopsThem() async throws {
        let ran = Collector<String>("a task that ran")
        let gate = Gate("the end of the work")
        try await SecureCluster.with { request in
            ran.append(request.id)
            try? await gate.pass()
            return Task.isCancelled ? .cancelled(reason: "stopped") : .completed(TaskResult(request.payload))
        } _: { cluster in
            // Another worker, an operator and somebody without a role: none of them is a coordinator.
            var pushes: [Stranger] = []
            let epoch = try await cluster.epoch
            _ = try await cluster.coordinator.submit(TaskSubmission(id: "t-1", payload: "hello"))
            try await gate.arrivals(1)
            let pull = try SecureCluster.address(of: cluster.workerNode, 3)
            let reference = TaskReference(id: "t-1", attempt: 1, epoch: epoch)
            var newer = epoch
            newer.counter += 1
            let roles: [(String, Set<NodeRole>)] = [("w-2", [.worker]), ("olga", [.operator]), ("bob", [])]
            for (name, roles) in roles {
                let key = try cluster.mesh.makeKey(name, roles: roles)
                try await cluster.trusts(name)
                let push = try Stranger.connected(.push, to: pull, key: key, serverKey: cluster.workerKey)
                for epoch in [epoch, newer] {
                    let messages: [CoordinatorMessage] = [
                        .welcome(WorkerWelcome(epoch: epoch, lease: .seconds(1), heartbeat: .seconds(1))),
                        .dispatch([TaskRequest(id: "evil-\(name)", source: .submit, payload: "run this")]),
                        .cancel(reference, reason: "because"), .superseded([reference]), .acknowledged([reference]),
                        .drain,
                    ]
                    for message in messages {
                        push.send(TaskFrame.encode(message, to: cluster.workerNode.id, epoch: epoch))
                    }
                }
                pushes.append(push)
            }
            try await cluster.mesh.until {
                try await cluster.counters(of: cluster.workerNode).impostors >= UInt64(roles.count * 12)
            }
            gate.open()
            let record = try #require(try await cluster.coordinator.outcome(of: "t-1", within: .seconds(30)))
            #expect(record.status.outcome == .completed(TaskResult("hello")))
            #expect(record.status.attempt == 1)
            _ = try await cluster.coordinator.submit(TaskSubmission(id: "t-2", payload: "again"))
            #expect(try await cluster.coordinator.outcome(of: "t-2", within: .seconds(30))?.status.state == .completed)
            #expect(ran.elements == ["t-1", "t-2"])
            for push in pushes { await push.close() }
        }
    }

    @Test func whoHasNoWorkersKeyIsDealtNothing() async throws {
        try await SecureCluster.with { request in
            .completed(TaskResult(request.payload))
        } _: { cluster in
            let bob = try cluster.mesh.makeKey("bob")
            try await cluster.trusts("bob")
            let pull = try Stranger.bound(.pull, key: bob, admitting: cluster.bossKey)
            let sink = try SecureCluster.address(of: cluster.boss, 2)
            let push = try Stranger.connected(.push, to: sink, key: bob, serverKey: cluster.bossKey)
            let registration = WorkerRegistration(name: "bob", slots: 1_000, endpoint: pull.address)
            push.send(TaskFrame.encode(.register(registration), from: .random()))
            try await cluster.mesh.until { try await cluster.counters(of: cluster.boss).impostors >= 1 }
            for number in 0..<20 {
                _ = try await cluster.coordinator.submit(TaskSubmission(id: "t-\(number)", payload: "hello"))
                let record = try await cluster.coordinator.outcome(of: "t-\(number)", within: .seconds(30))
                #expect(record?.status.state == .completed)
            }
            #expect(await cluster.coordinator.status?.workers.count == 1)
            #expect(pull.received.elements.isEmpty)
            await push.close()
            await pull.close()
        }
    }

    @Test func aRosterMovesNobodyToAnotherSink() async throws {
        try await SecureCluster.with { request in
            .completed(TaskResult(request.payload))
        } _: { cluster in
            let mallory = try cluster.mesh.makeKey("mallory", roles: [.worker])
            try await cluster.trusts("mallory")
            let pull = try Stranger.bound(.pull, key: mallory, admitting: cluster.workerKey)
            let id = NodeID.random()
            let control = try SecureCluster.address(of: cluster.workerNode, 0)
            let link = try Stranger.connected(
                .dealer, to: control, key: mallory, serverKey: cluster.workerKey,
                routingID: RoutingID(node: id, link: 1).bytes)
            let own = MemberRecord(
                id: id, name: "mallory", control: "tcp://127.0.0.1:9", publish: "tcp://127.0.0.1:10")
            // The coordinator's own record, newer, with another sink.
            var boss = try #require(await cluster.boss.members().first { $0.record.id == cluster.boss.id }).record
            boss.revision += 1_000
            boss.extras["sink"] = .string(pull.address)
            link.send(ControlMessage.hello(own).encoded())
            link.send(
                ControlMessage.roster(
                    [RosterEntry(record: own, silence: .zero), RosterEntry(record: boss, silence: .zero)],
                    wantsReply: true
                ).encoded())
            // It is told by its own link, which leads nowhere; that the roster has been taken shows in what comes after it.
            link.send(ControlMessage.request(id: 1, method: "status", body: .null).encoded())
            _ = try await link.received.first { message in
                if case .reply? = try? ControlMessage(decoding: message.first) { return true }
                return false
            }
            let seen = try #require(await cluster.workerNode.members().first { $0.record.id == cluster.boss.id })
            #expect(seen.record.extras["sink"] != .string(pull.address))
            #expect(seen.record.roles.contains(.coordinator))
            _ = try await cluster.coordinator.submit(TaskSubmission(id: "t-1", payload: "hello"))
            let record = try await cluster.coordinator.outcome(of: "t-1", within: .seconds(30))
            #expect(record?.status.state == .completed)
            #expect(pull.received.elements.isEmpty)
            await link.close()
            await pull.close()
        }
    }
}
