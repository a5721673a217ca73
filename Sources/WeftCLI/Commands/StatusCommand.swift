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
            Joins through any member, asks around, and leaves. Ends with 69 when nobody can be reached, or when there is a \
            coordinator and it does not answer. A mesh without a coordinator is one, too, and ends with 0.

            Example:
              weft status --join tcp://127.0.0.1:7400
              weft status --counters --join tcp://127.0.0.1:7400
              weft status --json --join tcp://127.0.0.1:7400
            """)

    @Flag(help: "Print one JSON object.")
    var json = false

    @Flag(help: "Show each member's memory and every counter that is not 0 (--json shows all of them).")
    var counters = false

    @OptionGroup var join: JoinOptions

    func run() async throws {
        let logger = try self.join.log.logger("weft.status", default: .warning)
        let configuration = try self.join.configuration("status", logger: logger)
        try await CommandRun.interruptible {
            try await Node.joined(configuration) { node in
                // This node is there only to ask.
                let members = await node.members().filter { $0.state != .local }
                async let planes = Self.planes(node, members)
                async let insides = self.json || self.counters ? Self.insides(node, members) : [:]
                self.show(members, await planes, await insides)
                if await planes.isEmpty, Self.hasCoordinator(members) {
                    throw CommandFailure(.unreachable, "the coordinator does not answer")
                }
            }
        }
    }

    /// What each coordinator says that answers, the one that workers serve first; one that has just died does not.
    private static func planes(_ node: Node, _ members: [MemberStatus]) async -> [(name: String, status: Value)] {
        let coordinators = members.filter { $0.record.roles.contains(.coordinator) }
        let answers = await Self.ask(coordinators, "coordinator.status", node).map { ($0.record.name, $0.status) }
        func workers(_ status: Value) -> Int { status["workers"]?.arrayValue?.count ?? 0 }
        return answers.sorted { (workers($0.1), $1.0) > (workers($1.1), $0.0) }
    }

    /// What each member that lives and answers says of itself.
    private static func insides(_ node: Node, _ members: [MemberStatus]) async -> [NodeID: Value] {
        let answers = await Self.ask(members, "status", node)
        return Dictionary(answers.map { ($0.record.id, $0.status) }) { first, _ in first }
    }

    /// Asks all at once; those that have died, or do not answer in time, are left out.
    private static func ask(
        _ members: [MemberStatus], _ method: String, _ node: Node
    ) async -> [(record: MemberRecord, status: Value)] {
        await withTaskGroup(of: (record: MemberRecord, status: Value)?.self) { group in
            for member in members where member.state == .alive {
                group.addTask {
                    let status = try? await node.request(to: member.record.id, method, timeout: .seconds(3))
                    return status.map { (member.record, $0) }
                }
            }
            var answers: [(record: MemberRecord, status: Value)] = []
            for await case let answer? in group { answers.append(answer) }
            return answers
        }
    }

    private func show(
        _ members: [MemberStatus], _ planes: [(name: String, status: Value)], _ insides: [NodeID: Value]
    ) {
        let plane = planes.first?.status
        guard !self.json else {
            let status: Value = [
                "members": .array(members.map { Self.value($0, insides[$0.record.id]) }), "coordinator": plane ?? .null,
                "verdict": .string(Self.verdict(members, planes)),
                "coordinators": .array(planes.map { .string($0.name) }),
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
        if self.counters { Self.showCounters(members, insides) }
        if let plane { self.showTasks(plane) }
        BoundedWriter.output.line("")
        BoundedWriter.output.line(Self.verdict(members, planes))
    }

    /// A member as others see it, with its own counters and memory; null when it did not answer.
    private static func value(_ member: MemberStatus, _ inside: Value?) -> Value {
        var members = member.value.objectValue ?? [:]
        members["counters"] = inside?["counters"] ?? .null
        members["memory"] = inside?["memory"] ?? .null
        return .object(members)
    }

    private static func showCounters(_ members: [MemberStatus], _ insides: [NodeID: Value]) {
        for member in members {
            BoundedWriter.output.line("")
            BoundedWriter.output.line("  \(Terminal.safe(member.record.name))")
            guard let inside = insides[member.record.id] else {
                BoundedWriter.output.line("    did not answer")
                continue
            }
            var table = TextTable(header: ["", ""])
            for part in ["memory", "counters"] {
                for (name, value) in Self.numbers(inside[part] ?? .null) { table.add([name, "\(value)"]) }
            }
            for line in table.lines.dropFirst() { BoundedWriter.output.line("  " + line) }
        }
    }

    /// The numbers in a value that are not 0, each with the path to it.
    private static func numbers(_ value: Value) -> [(String, Int64)] {
        guard let members = value.objectValue else { return [] }
        return members.sorted { $0.key < $1.key }.flatMap { name, member -> [(String, Int64)] in
            if let number = member.intValue { return number == 0 ? [] : [(name, number)] }
            return Self.numbers(member).map { ("\(name).\($0)", $1) }
        }
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

    private static func hasCoordinator(_ members: [MemberStatus]) -> Bool {
        members.contains { $0.record.roles.contains(.coordinator) && $0.state == .alive }
    }

    /// One line that says how things stand.
    private static func verdict(
        _ members: [MemberStatus], _ planes: [(name: String, status: Value)]
    ) -> String {
        let suspect = members.count { $0.state == .suspect }
        let present = members.count { $0.state == .alive || $0.state == .suspect }
        var text = "\(present) \(present == 1 ? "member" : "members")"
        if suspect > 0 { text += ", \(suspect) of them silent" }
        if !Self.hasCoordinator(members) {
            return text + ", no coordinator: tasks wait until one is started (weft coordinator)"
        }
        guard let plane = planes.first?.status else { return text + ", the coordinator does not answer" }
        guard planes.count == 1 else {
            let names = planes.map { "\"\(Terminal.safe($0.name))\"" }.joined(separator: " and ")
            return text + ", \(planes.count) coordinators, \(names): each knows only its own tasks; stop all but one"
        }
        let live = plane["workers"]?.arrayValue?.count { $0["live"]?.boolValue ?? false } ?? 0
        return text
            + (live == 0
                ? ", no worker: tasks wait until one is started (weft worker)"
                : live == 1 ? ", 1 worker" : ", \(live) workers")
    }
}
