// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftValue

/// An emitted event's arguments as they were handed over, before anyone needs them as bytes.
protocol ArgumentSource: AnyObject, Sendable {
    /// The arguments as one MessagePack array.
    func encode() throws(MessagePackError) -> [UInt8]
}

/// Arguments of known types.
final class ArgumentBox<each Argument: Codable & Sendable>: ArgumentSource {
    let values: (repeat each Argument)

    init(_ values: repeat each Argument) {
        self.values = (repeat each values)
    }

    func encode() throws(MessagePackError) -> [UInt8] {
        var count = 0
        for _ in repeat (each Argument).self { count += 1 }
        var writer = MessagePackWriter(capacity: 64)
        writer.writeArrayHeader(count)
        for value in repeat each self.values { try writer.encode(value) }
        return writer.bytes
    }

    static var typeNames: String {
        var names: [String] = []
        for type in repeat (each Argument).self { names.append("\(type)") }
        return "(\(names.joined(separator: ", ")))"
    }
}

/// Arguments whose types are known at run time only.
final class ArgumentValues: ArgumentSource {
    private let values: [Value]

    init(_ values: [Value]) {
        self.values = values
    }

    func encode() -> [UInt8] {
        var writer = MessagePackWriter(capacity: 64)
        writer.writeArrayHeader(self.values.count)
        for value in self.values { writer.write(value) }
        return writer.bytes
    }
}
