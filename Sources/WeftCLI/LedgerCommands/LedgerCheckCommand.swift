// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import WeftProtocol
import WeftSQLite
import WeftValue

/// `weft ledger check PATH`: whether the file is sound, and what it says makes sense.
struct LedgerCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Looks at all of a ledger's file: is it sound, and does what it says make sense?",
        discussion: """
            Reads only; a coordinator may have the file meanwhile. Exits with 0 when all is well, 1 when something is found, \
            and 65 when the file cannot be read as a ledger.

            Example:
              weft ledger check ./tasks.ledger
            """)

    @Argument(help: "The ledger's file.")
    var path: String
    @Flag(help: "Print one JSON object.")
    var json = false

    func run() async throws {
        let report: LedgerReport
        do throws(LedgerError) {
            report = try SQLiteLedger.check(self.path)
        } catch {
            throw CommandFailure(.badInput, error.description)
        }
        BoundedWriter.output.line(self.json ? report.value.json() : Self.text(of: report))
        if report.findingCount > 0 { throw CommandFailure(.failed) }
    }

    private static func text(of report: LedgerReport) -> String {
        let version =
            report.version == LedgerReport.latestVersion
            ? "\(report.version)"
            : "\(report.version), which the next coordinator brings to \(LedgerReport.latestVersion)"
        let states = TaskState.allCases.compactMap { state in
            report.counts[state].map { "\(state.rawValue) \($0)" }
        }
        var lines = [
            "\(report.path): \(report.bytes) bytes, schema \(version)",
            "  ledger \(report.epoch.ledgerID), epoch \(report.epoch.counter), "
                + (report.holder.map { "in use by \(Terminal.safe($0))" } ?? "in use by nobody"),
            "  tasks: \(states.isEmpty ? "none" : states.joined(separator: ", "))",
            "  not yet reported to the platform: \(report.unreported)",
        ]
        for finding in report.findings {
            let subject = finding.id.map { Terminal.safe($0) + ": " } ?? ""
            lines.append("  \(finding.rule): \(subject)\(Terminal.safe(finding.message, limit: 500))")
        }
        let more = report.findingCount - report.findings.count
        if more > 0 { lines.append("  … and \(more) more") }
        lines.append(report.findingCount == 0 ? "sound" : "\(report.findingCount) findings")
        return lines.joined(separator: "\n")
    }
}
