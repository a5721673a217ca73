// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftValue

/// An event's arguments on their way: as they were handed over, as bytes, or both.
public struct EventArguments: Sendable {
    /// The arguments as one MessagePack array; nil when nobody has needed it yet.
    public let bytes: ArraySlice<UInt8>?
    /// The arguments as they were handed to `emit`; nil for events from other nodes and from the history.
    @usableFromInline let source: (any ArgumentSource)?

    init(bytes: ArraySlice<UInt8>?, source: (any ArgumentSource)? = nil) {
        self.bytes = bytes
        self.source = source
    }

    /// Arguments that are one MessagePack array already.
    public init(encoded bytes: ArraySlice<UInt8>) {
        self.init(bytes: bytes)
    }

    /// How many bytes the MessagePack array has at most.
    public var size: Int { self.bytes?.count ?? self.source?.knownSize ?? 0 }

    /// Writes the arguments as one MessagePack array.
    ///
    /// Those without ``bytes`` are plain values: their encoding does not fail.
    public func write(to writer: inout MessagePackWriter) {
        if let bytes = self.bytes {
            writer.append(encoded: bytes)
        } else {
            try? self.source?.write(to: &writer)
        }
    }

    /// The arguments as one MessagePack array.
    func encoded() throws(MessagePackError) -> ArraySlice<UInt8> {
        if let bytes = self.bytes { bytes } else { try self.source?.encode()[...] ?? [] }
    }

    /// Whether the bytes are there, or the values are plain ones: others could change, or run users' code when they go.
    var canBeKept: Bool { self.bytes != nil || self.source?.knownSize != nil }

    /// The same, with bytes that keep no larger message alive.
    var detached: EventArguments {
        guard let bytes = self.bytes, bytes.startIndex > 0 else { return self }
        return EventArguments(bytes: Array(bytes)[...], source: self.source)
    }

    /// The bytes alone if they are there.
    var kept: EventArguments { self.bytes == nil ? self : EventArguments(bytes: self.bytes) }
}
