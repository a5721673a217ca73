// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Logging
import Weft
import WeftBus
import WeftProtocol
import WeftValue

/// The command `weft status`.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Shows the cluster as one node sees it.",
        discussion: """
            Joins through any member, asks around, and leaves. Ends with 69 when nobody can be reached.

            Example:
              weft status --join tcp://127.0.0.1:7400
              weft status --json --join tcp://127.0.0.1:7400
            """)

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var join: JoinOptions

    func run() async throws {
        let logger = try self.join.log.logger("weft.status", default: .warning)
        let configuration = try self.join.configuration("status", logger: logger)
        try await CommandRun.interruptible {
            try await Node.joined(configuration) { node in
                // This node is there only to ask.
                let members = await node.members().filter { $0.state != .local }
                let hasCoordinator = members.contains { $0.record.roles.contains(.coordinator) && $0.state == .alive }
                let plane = hasCoordinator ? try? await node.coordinatorStatus(within: .seconds(3)) : nil
                self.show(members, plane)
            }
        }
    }

    private func show(_ members: [MemberStatus], _ plane: Value?) {
        guard !self.json else {
            let status: Value = [
                "members": .array(members.map(\.value)), "coordinator": plane ?? .null,
                "verdict": .string(Self.verdict(members, plane)),
            ]
            BoundedWriter.output.line(status.json())
            return
        }
        var table = TextTable(header: ["NAME", "ROLES", "STATE", "CONTROL", "EVENTS", "MISSED", "NODE"])
        for member in members {
            table.add([
                member.record.name, member.record.roles.sorted().map(\.name).joined(separator: ","),
                member.state.rawValue, member.record.control, "\(member.head)", "\(member.missed)",
                String(member.record.id.description.prefix(8)),
            ])
        }
        for line in table.lines { BoundedWriter.output.line(line) }
        if let plane { self.showTasks(plane) }
        BoundedWriter.output.line("")
        BoundedWriter.output.line(Self.verdict(members, plane))
    }

    private func showTasks(_ plane: Value) {
        func number(_ name: String) -> String { plane[name]?.intValue.map(String.init) ?? "?" }
        BoundedWriter.output.line("")
        BoundedWriter.output.line(
            "  tasks: \(number("unfinished")) unfinished, \(number("held")) held by workers, "
                + "\(number("unreported")) not yet reported")
        var table = TextTable(header: ["WORKER", "SLOTS", "HELD", "AGENTS", "STATE"])
        for worker in plane["workers"]?.arrayValue ?? [] {
            let agents = worker["agents"]?.arrayValue?.compactMap(\.stringValue) ?? []
            let isLive = worker["live"]?.boolValue ?? false
            let isDraining = worker["draining"]?.boolValue ?? false
            table.add([
                worker["name"]?.stringValue ?? "", worker["slots"]?.intValue.map(String.init) ?? "",
                worker["held"]?.intValue.map(String.init) ?? "", agents.isEmpty ? "any" : agents.joined(separator: ","),
                isDraining ? "draining" : isLive ? "live" : "silent",
            ])
        }
        guard !table.isEmpty else { return }
        BoundedWriter.output.line("")
        for line in table.lines { BoundedWriter.output.line(line) }
    }

    /// One line that says how things stand.
    private static func verdict(_ members: [MemberStatus], _ plane: Value?) -> String {
        let suspect = members.count { $0.state == .suspect }
        let present = members.count { $0.state == .alive || $0.state == .suspect }
        var text = "\(present) \(present == 1 ? "member" : "members")"
        if suspect > 0 { text += ", \(suspect) of them silent" }
        if !members.contains(where: { $0.record.roles.contains(.coordinator) && $0.state == .alive }) {
            return text + ", no coordinator: tasks wait until one is started (weft coordinator)"
        }
        guard let plane else { return text + ", the coordinator does not answer" }
        let live = plane["workers"]?.arrayValue?.count { $0["live"]?.boolValue ?? false } ?? 0
        return text
            + (live == 0
                ? ", no worker: tasks wait until one is started (weft worker)"
                : live == 1 ? ", 1 worker" : ", \(live) workers")
    }
}
