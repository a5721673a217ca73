// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import WeftValue

/// What a worker says beside its stream.
enum WorkerMessage: Hashable, Sendable {
    /// The worker lives.
    case heartbeat(Date)
    /// The worker can take no more tasks, or can again.
    case capacity(isBusy: Bool)

    /// The envelope, each with an id of its own.
    var value: Value {
        let (event, data): (Value, Value) =
            switch self {
            case .heartbeat(let date): ("worker-heartbeat", .string(Self.time(date)))
            case .capacity(let isBusy): ("worker-capacity-update", ["is_busy": .bool(isBusy)])
            }
        return ["id": .string(UUID().uuidString.lowercased()), "event": event, "data": data]
    }

    /// UTC with the offset in digits, which every reader of ISO 8601 understands.
    private static func time(_ date: Date) -> String {
        String(date.rfc3339Microseconds.dropLast()) + "+00:00"
    }
}
