// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import CurlHTTP
import Logging
import WeftPlatform
import WeftServer

/// A running stand-in, and a client of it.
struct StandIn: Sendable {
    let platform: StandInPlatform
    let http: HTTPClient
    let client: PlatformClient
    let url: String

    /// Runs `body` with a stand-in that listens on a port of its own.
    static func with(
        redelivers: Bool = false, agents: [String] = ["agent-5678"], _ body: (StandIn) async throws -> Void
    ) async throws {
        let platform = StandInPlatform(
            configuration: .init(redelivers: redelivers, apiKey: "key-1", keepAlive: .milliseconds(200)),
            logger: Logger(label: "stand-in") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await platform.run() }
            let url = try await platform.address().url
            let http = HTTPClient()
            let client = PlatformClient(
                configuration: try PlatformConfiguration(
                    baseURL: url, apiKey: Secret("key-1"), organizationID: "org-1234", agentIDs: agents),
                http: http)
            try await body(StandIn(platform: platform, http: http, client: client, url: url))
            await http.shutdown()
            group.cancelAll()
        }
    }
}
