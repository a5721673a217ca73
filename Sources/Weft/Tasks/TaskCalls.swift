// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftProtocol
import WeftValue

/// What the calls about tasks carry, and how much of it.
enum TaskCalls {
    /// The most records of one answer.
    static let pageRecords = 1000
    /// An answer is closed at this size, so that it never holds up what else goes over a control link for long.
    static let pageBytes = 4 << 20
    /// How much of a payload or a result a list carries.
    static let listedBytes = 4096
    /// How much of an error a list carries.
    static let listedMessageBytes = 1024
    /// The most tasks that one request names.
    static let batch = 1000
    /// How much a single record may take: a control frame has room for one large part and what is said about it.
    static let recordBytes = 18 << 20

    /// What a request is about: one task, or several.
    static func ids(_ fields: TaskFields) throws(TaskPlaneError) -> [String] {
        guard fields.has("l") else { return [try fields.name("i")] }
        let ids = try fields.strings("l")
        guard ids.count <= Self.batch else {
            throw TaskPlaneError(.outOfRange, "A request names \(Self.batch) tasks at most, not \(ids.count).")
        }
        return ids
    }

    /// A record for a list.
    ///
    /// - Returns: The record, and whether something was left out of it.
    static func listed(_ record: TaskRecord) -> (record: TaskRecord, isShortened: Bool) {
        var result = record
        var isShortened = false
        func limit(_ text: inout String) {
            guard text.utf8.count > Self.listedMessageBytes else { return }
            text = text.limited(toBytes: Self.listedMessageBytes)
            isShortened = true
        }
        if record.task.payload.approximateBytes > Self.listedBytes {
            result.task.payload = .null
            isShortened = true
        }
        for index in result.status.history.indices { limit(&result.status.history[index].error) }
        if var reason = record.status.cancelReason {
            limit(&reason)
            result.status.cancelReason = reason
        }
        switch record.status.outcome {
        case .completed(var answer) where record.status.outcome?.approximateBytes ?? 0 > Self.listedBytes:
            answer.value = .null
            answer.tokens = nil
            answer.usedTools = []
            result.status.outcome = .completed(answer)
            isShortened = true
        case .failed(var failure):
            limit(&failure.message)
            result.status.outcome = .failed(failure)
        case .cancelled(var reason):
            limit(&reason)
            result.status.outcome = .cancelled(reason: reason)
        case .completed, nil:
            break
        }
        return (result, isShortened)
    }

    /// A record that fits into an answer: when it is too large, its payload stays behind, which whoever submitted it has.
    static func whole(_ record: TaskRecord) -> (record: TaskRecord, isShortened: Bool) {
        let bytes = Self.approximateBytes(of: record)
        guard bytes > Self.recordBytes else { return (record, false) }
        var result = record
        result.task.payload = .null
        return (result, true)
    }

    /// About how many bytes a record takes in an answer.
    static func approximateBytes(of record: TaskRecord) -> Int {
        512 + record.task.payload.approximateBytes + (record.status.outcome?.approximateBytes ?? 0)
            + record.status.history.reduce(0) { $0 + $1.error.utf8.count + 64 }
    }
}
