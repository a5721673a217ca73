// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
public import WeftProtocol
public import WeftValue

/// What a look at a ledger's file found.
public struct LedgerReport: Hashable, Sendable {
    /// One thing that is not as it must be.
    public struct Finding: Hashable, Sendable {
        /// The rule that is broken, as a label.
        public var rule: String
        /// The task or report; nil when it is about the file.
        public var id: String?
        /// What is wrong.
        public var message: String
    }

    /// Where the file is.
    public var path: String
    /// How large it is with its log, in bytes.
    public var bytes: Int
    /// The schema's version; the latest is ``latestVersion``, and an older one is brought up to date by the next coordinator.
    public var version: Int
    /// The epoch of its latest coordinator.
    public var epoch: TaskEpoch
    /// Who has it open; nil for nobody.
    public var holder: String?
    /// How many tasks are in each state.
    public var counts: [TaskState: Int] = [:]
    /// How many reports the platform has not taken.
    public var unreported = 0
    /// What is not as it must be; of each rule the first few.
    public var findings: [Finding] = []
    /// How many findings there were in all.
    public var findingCount = 0

    /// The version that this build writes.
    public static var latestVersion: Int { LedgerSchema.versions.count }
    /// How many findings of one rule are named.
    static let named = 20

    mutating func find(_ rule: String, _ id: String?, _ message: String) {
        self.findingCount += 1
        guard self.findings.count(where: { $0.rule == rule }) < Self.named else { return }
        self.findings.append(Finding(rule: rule, id: id, message: message))
    }

    /// The report as `--json` prints it.
    public var value: Value {
        var counts: [String: Value] = [:]
        for state in TaskState.allCases { counts[state.rawValue] = Value(self.counts[state] ?? 0) }
        return [
            "path": .string(self.path), "bytes": Value(self.bytes), "schema": Value(self.version),
            "latest_schema": Value(Self.latestVersion), "ledger": .string(self.epoch.ledgerID),
            "epoch": Value(self.epoch.counter), "in_use_by": self.holder.map(Value.string) ?? .null,
            "tasks": .object(counts), "unreported": Value(self.unreported), "sound": .bool(self.findingCount == 0),
            "finding_count": Value(self.findingCount),
            "findings": .array(
                self.findings.map { finding in
                    [
                        "rule": .string(finding.rule), "id": finding.id.map(Value.string) ?? .null,
                        "message": .string(finding.message),
                    ]
                }),
        ]
    }
}
