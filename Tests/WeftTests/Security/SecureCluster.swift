// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import WeftBus
import WeftProtocol
import WeftTestKit
import WeftValue
import ZeroMQ

@testable import Weft

/// A coordinator, `boss`, and a worker, `w-1`, with keys, in this process.
struct SecureCluster: Sendable {
    let mesh: SecureMesh
    let bossKey: KeyFile
    let workerKey: KeyFile
    let boss: Node
    let coordinator: Coordinator
    let workerNode: Node
    let worker: Worker

    /// Runs both around `body`, and stops them.
    static func with(
        handler: @escaping @Sendable (TaskRequest) async -> TaskOutcome,
        _ body: @escaping @Sendable (SecureCluster) async throws -> Void
    ) async throws {
        try await SecureMesh.with { mesh in
            let bossKey = try mesh.makeKey("boss", roles: [.coordinator])
            let workerKey = try mesh.makeKey("w-1", roles: [.worker])
            let boss = try mesh.node("boss")
            try await boss.start()
            let workerNode = try mesh.node("w-1", joining: [boss])
            try await workerNode.start()
            try await TestMesh.stopping([workerNode, boss]) {
                let coordinator = try Coordinator(node: boss, ledger: InMemoryLedger())
                let worker = try Worker(
                    node: workerNode, runner: ClosureRunner(agentIDs: []) { request, _ in await handler(request) })
                let cluster = SecureCluster(
                    mesh: mesh, bossKey: bossKey, workerKey: workerKey, boss: boss, coordinator: coordinator,
                    workerNode: workerNode, worker: worker)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await coordinator.run() }
                    try await coordinator.waitUntilStarted()
                    group.addTask { try await worker.run() }
                    try await worker.waitUntilRegistered()
                    try await body(cluster)
                    await worker.stop()
                    await coordinator.requestStop()
                    try await group.waitForAll()
                }
            }
        }
    }

    /// Where a node's socket of a plane is: its control, events, sink and dispatch are at ports in a row.
    static func address(of node: Node, _ offset: UInt16) throws -> String {
        let control = try Endpoint(try #require(node.controlAddress))
        return control.withPort(control.port.map { $0 + offset }).description
    }

    var epoch: TaskEpoch {
        get async throws { try #require(await self.coordinator.status?.epoch) }
    }

    /// Waits until both know a key that was made just now.
    func trusts(_ name: String) async throws {
        for node in [self.boss, self.workerNode] {
            try await self.mesh.until { node.core?.security?.trusts(name) == true }
        }
    }

    /// What the security of a node has counted.
    func counters(of node: Node) async throws -> SecurityCounters {
        try #require(await node.status().counters.security)
    }
}
