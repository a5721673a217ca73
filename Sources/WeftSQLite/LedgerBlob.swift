// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import WeftProtocol
import WeftValue

/// Records as MessagePack, as they are on the wire.
enum LedgerBlob {
    static func data(_ value: Value) -> Data {
        var writer = MessagePackWriter()
        writer.write(value)
        return Data(writer.bytes)
    }

    static func data(_ task: TaskSubmission) -> Data {
        var writer = MessagePackWriter(capacity: 256)
        writer.write(task)
        return Data(writer.bytes)
    }

    static func data(_ status: LedgerStatus) -> Data {
        var writer = MessagePackWriter(capacity: 256)
        writer.write(status)
        return Data(writer.bytes)
    }

    static func value(_ data: Data) throws -> Value {
        var reader = MessagePackReader([UInt8](data))
        return try reader.readValue()
    }
}
