// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Failpoints
import Locking
public import WeftPlatform
import WeftProtocol

/// The platform's side of a coordinator: one connection for each agent, and the calls that report.
public final class CoordinatorPlatform: Sendable {
    /// The agents that are served.
    public let agentIDs: [String]
    let client: PlatformClient
    private let connections: [String: AgentConnection]

    /// Creates the platform's side; nothing is opened before the coordinator runs.
    ///
    /// - Parameters:
    ///   - client: The platform's calls.
    ///   - agentIDs: The agents to serve; nil for those of the client's settings.
    ///   - connection: How each agent's connection behaves.
    public init(
        client: PlatformClient, agentIDs: [String]? = nil, connection: AgentConnection.Configuration = .init()
    ) {
        self.client = client
        var seen: Set<String> = []
        self.agentIDs = (agentIDs ?? client.configuration.agentIDs).filter { seen.insert($0).inserted }
        self.connections = Dictionary(
            uniqueKeysWithValues: self.agentIDs.map {
                ($0, client.connection(agentID: $0, configuration: connection))
            })
    }

    func connection(of agentID: String) -> AgentConnection? {
        self.connections[agentID]
    }

    func setBusy(_ isBusy: Bool, agentID: String) {
        self.connections[agentID]?.setBusy(isBusy)
    }

    func closeStreams() {
        for connection in self.connections.values { connection.cancel() }
    }

    /// Says one thing to the platform.
    ///
    /// - Returns: How it went, and whether the platform says that the task is over.
    @concurrent
    func deliver(_ item: ReportItem) async -> (outcome: ReportOutcome, isOver: Bool) {
        Failpoint.hit(.reportSendBefore)
        defer { Failpoint.hit(.reportSendAfter) }
        do throws(PlatformError) {
            switch item.content {
            case .executing:
                let task = try await self.client.update(item.taskID, .executing)
                return (.taken, task?.isOver ?? false)
            case .final(let status, let result, let tokens, let usedTools, let format, _):
                let text = ResultText.make(.string(result), format: format.map { OutputFormat(rawValue: $0) })
                try await self.client.update(
                    item.taskID,
                    TaskUpdate(
                        status: TaskStatus(rawValue: status), result: text, tokens: tokens.flatMap(TokenCounts.init),
                        usedTools: usedTools.isEmpty ? nil : usedTools))
                return (.taken, true)
            }
        } catch {
            return (Self.outcome(of: error), false)
        }
    }

    /// Reports the metrics of an ended task whose token counts are known.
    ///
    /// - Returns: How it went; `taken` too when there is nothing to report.
    @concurrent
    func deliverMetrics(of item: ReportItem) async -> ReportOutcome {
        guard case .final(let status, let result, let tokens?, let usedTools, _, let task?) = item.content,
            let counts = TokenCounts(tokens)
        else { return .taken }
        do throws(PlatformError) {
            try await self.client.report(
                ExecutionReport(
                    task: try PlatformTask(task, agentID: item.agentID), status: TaskStatus(rawValue: status),
                    result: result, tokens: counts, usedTools: usedTools),
                agentID: item.agentID)
            return .taken
        } catch {
            return Self.outcome(of: error)
        }
    }

    private static func outcome(of error: PlatformError) -> ReportOutcome {
        switch error.disposition {
        case .refused where error.code != .cancelled:
            .refused(error.message)
        case .operator:
            // Nothing is lost while the operator mends it, but there is no hurry either.
            .failed(error.message, pause: .seconds(30))
        default:
            .failed(error.message, pause: error.retryAfter)
        }
    }
}
