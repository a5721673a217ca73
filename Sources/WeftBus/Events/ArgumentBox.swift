// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftValue

/// An emitted event's arguments as they were handed over, before anyone needs them as bytes.
@usableFromInline
protocol ArgumentSource: AnyObject, Sendable {
    /// How many bytes the arguments take at most; nil when that is known only once they are encoded, which may then fail.
    var knownSize: Int? { get }

    /// Writes the arguments as one MessagePack array.
    func write(to writer: inout MessagePackWriter) throws(MessagePackError)
}

extension ArgumentSource {
    /// The arguments as one MessagePack array.
    func encode() throws(MessagePackError) -> [UInt8] {
        var writer = MessagePackWriter(capacity: self.knownSize ?? 64)
        try self.write(to: &writer)
        return writer.bytes
    }
}

/// Arguments of known types.
///
/// What depends on the types is compiled where an event is emitted, for just these types: calls through unspecialised
/// parameter packs ask the runtime for metadata at each step, and cost ten times the rest of an emit.
@usableFromInline
final class ArgumentBox<each Argument: Codable & Sendable>: ArgumentSource {
    @usableFromInline
    typealias Writing = @Sendable (borrowing ArgumentBox, inout MessagePackWriter) throws(MessagePackError) -> Void

    // Before the values, so that where these are does not depend on the types.
    @usableFromInline let knownSize: Int?
    @usableFromInline let writing: Writing
    @usableFromInline let values: (repeat each Argument)

    @inlinable
    init(_ values: repeat each Argument) {
        var size: Int? = 5
        for value in repeat each values {
            if let known = size, let more = ArgumentCoding.size(of: value) { size = known &+ more } else { size = nil }
        }
        self.knownSize = size
        self.writing = { (box, writer) throws(MessagePackError) in
            var count = 0
            for _ in repeat (each Argument).self { count += 1 }
            writer.writeArrayHeader(count)
            for value in repeat each box.values { try ArgumentCoding.write(value, to: &writer) }
        }
        self.values = (repeat each values)
    }

    @usableFromInline
    func write(to writer: inout MessagePackWriter) throws(MessagePackError) {
        try self.writing(self, &writer)
    }

    /// Reads arguments of these types.
    @inlinable
    static func read(_ arguments: inout ArgumentReader) throws(Undecodable) -> (repeat each Argument) {
        do {
            return (repeat try arguments.next((each Argument).self))
        } catch {
            throw Undecodable(error, expected: Self.typeNames)
        }
    }

    @usableFromInline
    static var typeNames: String {
        var names: [String] = []
        for type in repeat (each Argument).self { names.append("\(type)") }
        return "(\(names.joined(separator: ", ")))"
    }
}

/// Arguments whose types are known at run time only.
final class ArgumentValues: ArgumentSource {
    private let values: [Value]
    var knownSize: Int? { nil }

    init(_ values: [Value]) {
        self.values = values
    }

    func write(to writer: inout MessagePackWriter) {
        writer.writeArrayHeader(self.values.count)
        for value in self.values { writer.write(value) }
    }
}
