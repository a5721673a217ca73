// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Logging
import Weft
import WeftProtocol

/// Real nodes with buses and sockets of their own, in this process.
enum TestMesh {
    /// Runs something with so many joined nodes, and stops them afterwards.
    static func with<Result: Sendable>(
        _ count: Int, waitForSlowest: Bool = false, _ body: @Sendable ([Node]) async throws -> Result
    ) async throws -> Result {
        var nodes: [Node] = []
        for index in 0..<count {
            let node = self.node("node-\(index)", joining: nodes.prefix(1), waitForSlowest: waitForSlowest)
            try await node.start()
            nodes.append(node)
        }
        return try await self.stopping(nodes) { try await body(nodes) }
    }

    /// A node with a bus of its own that joins through the given ones.
    static func node(
        _ name: String, joining others: some Sequence<Node> = [], waitForSlowest: Bool = false
    ) -> Node {
        Node(
            configuration: self.configuration(
                name, seeds: others.compactMap(\.controlAddress), waitForSlowest: waitForSlowest))
    }

    /// An address that nobody had a moment ago.
    static func freeAddress() async throws -> String {
        let node = self.node("finder")
        try await node.start()
        let address = node.controlAddress
        await node.stop()
        return address ?? ""
    }

    /// A configuration with a bus of its own that logs nothing.
    static func configuration(
        _ name: String, bind: String? = nil, advertise: String? = nil, seeds: [String] = [],
        isInsecure: Bool = false, waitForSlowest: Bool = false, joinTimeout: Duration? = .seconds(60)
    ) -> Node.Configuration {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        return Node.Configuration(
            name: name, bind: bind, advertise: advertise, seeds: seeds, isInsecure: isInsecure,
            waitForSlowest: waitForSlowest, joinTimeout: joinTimeout,
            bus: EventBus(configuration: .init(logger: logger)), logger: logger)
    }

    /// Stops nodes after something has been done, whether it worked or not.
    static func stopping<Result: Sendable>(
        _ nodes: [Node], after body: () async throws -> Result
    ) async throws -> Result {
        do {
            let result = try await body()
            await self.stop(nodes)
            return result
        } catch {
            await self.stop(nodes)
            throw error
        }
    }

    private static func stop(_ nodes: [Node]) async {
        await withDiscardingTaskGroup { group in
            for node in nodes { group.addTask { await node.stop() } }
        }
    }
}
