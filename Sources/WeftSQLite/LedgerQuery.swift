// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
import WeftProtocol

/// A filter as SQL.
struct LedgerQuery: Sendable {
    let sql: String
    let arguments: StatementArguments

    init(_ filter: TaskFilter) {
        var clauses: [String] = []
        var arguments = StatementArguments()
        var index = ""
        let states = filter.states.map(\.rawValue).sorted()
        if filter.states.allSatisfy({ !$0.isFinal }) {
            // The few that have not ended have an index of their own.
            index = "INDEXED BY tasks_unfinished"
            clauses.append("tasks.ended IS NULL")
        } else if !filter.states.contains(.completed), filter.states.allSatisfy(\.isFinal) {
            index = "INDEXED BY tasks_ended"
            clauses.append("tasks.ended IS NOT NULL")
        } else {
            // Most have completed: whoever wants those finds them soon by going through all, in order.
            index = "NOT INDEXED"
        }
        if states.count < TaskState.allCases.count {
            clauses.append("tasks.state IN (\(states.map { _ in "?" }.joined(separator: ", ")))")
            arguments += StatementArguments(states)
        }
        let equal: [(String, String?)] = [
            ("queue", filter.queue), ("agent", filter.agentID), ("name", filter.name), ("key", filter.key),
            ("source", filter.source?.rawValue),
        ]
        for case (let column, let value?) in equal {
            clauses.append("tasks.\(column) = ?")
            arguments += [value]
        }
        if let prefix = filter.idPrefix, !prefix.isEmpty {
            clauses.append("substr(tasks.id, 1, ?) = ?")
            arguments += [prefix.unicodeScalars.count, prefix]
        }
        if let date = filter.acceptedAfter {
            clauses.append("tasks.accepted >= ?")
            arguments += [date.timeIntervalSince1970]
        }
        if let date = filter.acceptedBefore {
            clauses.append("tasks.accepted < ?")
            arguments += [date.timeIntervalSince1970]
        }
        if let cursor = filter.after {
            clauses.append(filter.isNewestFirst ? "tasks.seq < ?" : "tasks.seq > ?")
            arguments += [cursor.order]
        }
        let condition = clauses.isEmpty ? "" : "WHERE \(clauses.joined(separator: " AND "))"
        self.sql = """
            SELECT \(LedgerRow.columns), length(tasks.status) + coalesce(length(payloads.task), 0) AS bytes
            FROM tasks \(index) LEFT JOIN payloads ON payloads.seq = tasks.seq \(condition)
            ORDER BY tasks.seq \(filter.isNewestFirst ? "DESC" : "ASC")
            """
        self.arguments = arguments
    }
}
