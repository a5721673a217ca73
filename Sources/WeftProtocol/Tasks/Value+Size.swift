// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftValue

extension Value {
    /// About how many bytes the value takes when it is encoded; for bounds, not for buffers.
    package var approximateBytes: Int {
        switch self {
        case .null, .bool: 1
        case .int, .uint, .double: 9
        case .date: 15
        case .string(let text): text.utf8.count + 5
        case .bytes(let bytes): bytes.count + 5
        case .array(let elements): elements.reduce(5) { $0 + $1.approximateBytes }
        case .object(let members): members.reduce(5) { $0 + $1.key.utf8.count + 5 + $1.value.approximateBytes }
        }
    }
}

extension TaskOutcome {
    /// About how many bytes the outcome takes when it is encoded.
    package var approximateBytes: Int {
        switch self {
        case .completed(let result):
            result.usedTools.reduce(64 + result.value.approximateBytes) { $0 + $1.utf8.count + 5 }
                + (result.tokens?.approximateBytes ?? 0) + (result.status?.utf8.count ?? 0)
        case .failed(let failure): failure.message.utf8.count + 32
        case .cancelled(let reason): reason.utf8.count + 32
        }
    }
}
