// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftBus

/// What comes over the event stream.
public enum PublishedFrame: Hashable, Sendable {
    /// Events.
    case batch(EventBatch)
    /// A mark.
    case probe(Probe)

    /// Whose it is, by its own word.
    public var origin: NodeID {
        switch self {
        case .batch(let batch): batch.origin
        case .probe(let probe): probe.origin
        }
    }

    /// Reads a published frame; of a batch only the head, the events later and elsewhere.
    ///
    /// - Throws: ``WireError`` saying what is wrong with it.
    public init(decoding frame: ArraySlice<UInt8>) throws(WireError) {
        guard frame.count <= WireFormat.maximumPublishedFrame else {
            throw WireError(
                .tooLarge, "a published frame of \(frame.count) bytes; \(WireFormat.maximumPublishedFrame) is most")
        }
        switch frame.first {
        case WireFormat.batchTopic: self = .batch(try EventBatch(decoding: frame))
        case WireFormat.probeTopic: self = .probe(try Probe(decoding: frame))
        default: throw WireError(.notWeft, "a published frame with a topic that is not Weft's")
        }
    }
}

extension Probe {
    init(decoding frame: ArraySlice<UInt8>) throws(WireError) {
        var rest = frame.dropFirst()
        guard let subscriber = rest.takeNodeID(), let version = rest.popFirst() else {
            throw WireError(.truncated, "a probe of only \(frame.count) bytes")
        }
        guard WireFormat.speaks(version) else {
            throw WireError(.version, "a probe in wire version \(version); this node speaks \(VersionRange.current)")
        }
        guard let origin = rest.takeNodeID(), let nonce = rest.takeInteger(UInt64.self),
            let head = rest.takeInteger(UInt64.self)
        else { throw WireError(.truncated, "a probe of only \(frame.count) bytes") }
        guard rest.isEmpty else { throw WireError(.malformed, "\(rest.count) bytes follow a probe") }
        guard head <= WireFormat.largestSequence else {
            throw WireError(.malformed, "a probe after sequence \(head)")
        }
        self.init(subscriber: subscriber, origin: origin, nonce: nonce, head: head)
    }
}
