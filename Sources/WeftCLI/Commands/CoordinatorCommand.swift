// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CurlHTTP
import Failpoints
import Logging
import Weft
import WeftBus
import WeftPlatform
import WeftProtocol
import WeftSQLite

/// The command `weft coordinator`.
struct CoordinatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coordinator",
        abstract: "Takes tasks from the platform and deals them to workers.",
        discussion: """
            Owns the event stream (SSE) from the platform and the ledger of all tasks. The platform's settings come from \
            XPANDER_BASE_URL, XPANDER_API_KEY, XPANDER_ORGANIZATION_ID and XPANDER_AGENT_ID; with none of them set it \
            runs without a platform and takes tasks from weft submit. The first SIGTERM or Ctrl-C lets running work end; \
            a second one aborts.

            Example:
              weft coordinator --bind tcp://127.0.0.1:7400 --ledger ./tasks.ledger
              weft coordinator --bind tcp://127.0.0.1:7400 --config ./weft.json
              weft listen '*' --join tcp://127.0.0.1:7400
            """)

    @Option(
        help: ArgumentHelp(
            "Where tasks are recorded: a file, made when there is none, or memory, which forgets them with the process and is what it is when nothing is said.",
            valueName: "PATH|memory"))
    var ledger: LedgerOption?

    @Option(
        help: ArgumentHelp(
            "A file (JSON) with the limits of tasks and queues, and the ledger's settings; docs/configuration.md describes it. Flags win over it. (WEFT_CONFIG)",
            valueName: "FILE"))
    var config: String?

    @OptionGroup var platform: PlatformOptions
    @OptionGroup var drain: DrainOptions
    @OptionGroup var join: JoinOptions
    @OptionGroup var lifetime: LifetimeOptions

    func run() async throws {
        let logger = try self.join.log.logger("weft.coordinator", default: .notice)
        if let variable = Failpoint.variable {
            if let problem = Failpoint.problem(in: variable) {
                throw CommandFailure(.configuration, "WEFT_FAILPOINT: \(problem)")
            }
            logger.warning("WEFT_FAILPOINT is set: this process will kill itself", metadata: ["value": "\(variable)"])
        }
        let platform = try self.platform.configuration()
        let file = try (self.config ?? Variables.text("WEFT_CONFIG")).map { path throws(CommandFailure) in
            try CoordinatorFile(path: path)
        }
        let place = self.ledger ?? file?.ledger.place ?? .memory
        var configuration = try self.join.configuration("coordinator", isAlone: true, logger: logger)
        configuration.joinTimeout = nil
        let ledger = try place.open(
            file?.ledger ?? LedgerSettings(), holder: "node \"\(configuration.name)\"")
        self.lifetime.watch()
        // Where workers and listeners look when nobody tells them; any free port when somebody is there already.
        var preferred = configuration
        if configuration.bind == nil, configuration.seeds.isEmpty { preferred.bind = MeshOptions.defaultEndpoint }
        try await CommandRun.joining { [preferred, configuration] in
            // Workers that wait for their coordinator need not wait for its hearing everybody's events.
            try await Node.joined(
                preferred, orElse: configuration.bind == nil ? configuration : nil, waitingForJoin: false
            ) { node in
                let http = HTTPClient()
                var settings = file?.coordinator ?? CoordinatorConfiguration()
                if let deadline = self.drain.drainDeadline { settings.drainDeadline = deadline.duration }
                let coordinator = try Coordinator(
                    node: node, ledger: ledger, platform: platform.map { self.side($0, http, logger) },
                    configuration: settings)
                do {
                    try await CommandRun.services(
                        [coordinator], logger: logger, drain: { await coordinator.drainStatus }
                    ) {
                        try await coordinator.waitUntilStarted()
                        await self.announce(node, platform, place)
                        try await node.waitUntilJoinedSayingSo()
                    }
                } catch let error as LedgerError {
                    throw CommandFailure(ledger: error)
                }
                await http.shutdown()
            }
        }
    }

    private func side(_ platform: PlatformConfiguration, _ http: HTTPClient, _ logger: Logger) -> CoordinatorPlatform {
        var connection = AgentConnection.Configuration(logger: logger)
        if let idle = self.platform.streamIdle { connection.idleLimit = idle.duration }
        return CoordinatorPlatform(
            client: PlatformClient(configuration: platform, http: http), connection: connection)
    }

    private func announce(_ node: Node, _ platform: PlatformConfiguration?, _ ledger: LedgerOption) async {
        let endpoint = await node.members().first?.record.control ?? "?"
        var text =
            "weft coordinator: ready, join it with --join \(endpoint)\n  node \(node.id) \"\(node.configuration.name)\""
        switch ledger {
        case .memory: text += "\n  ledger in memory: tasks are forgotten with this process; --ledger PATH keeps them"
        case .file(let path): text += "\n  ledger \(path)"
        }
        if let platform {
            text += "\n  platform \(platform.baseURL), agents: \(platform.agentIDs.joined(separator: ", "))"
            if platform.sendsKeyInClear {
                text += "\n  warning: the key goes to this platform without encryption; use https"
            }
        } else {
            text += "\n  without a platform: no XPANDER_… variable is set; tasks come from weft submit only"
        }
        BoundedWriter.error.line(text)
    }
}
