// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftBus

/// A mark that a publisher puts into its event stream for one subscriber, to learn whether that one hears it.
public struct Probe: Hashable, Sendable {
    /// The node that is probed; its id is part of the topic.
    public var subscriber: NodeID
    /// The publisher.
    public var origin: NodeID
    /// What the subscriber's acknowledgement repeats.
    public var nonce: UInt64
    /// The last sequence before the mark.
    public var head: UInt64

    /// Creates a probe.
    public init(subscriber: NodeID, origin: NodeID, nonce: UInt64, head: UInt64) {
        self.subscriber = subscriber
        self.origin = origin
        self.nonce = nonce
        self.head = head
    }

    /// What a subscriber subscribes to for the probes meant for it.
    public static func topic(for subscriber: NodeID) -> [UInt8] {
        [WireFormat.probeTopic] + subscriber.bytes
    }

    /// The node whose probe topic this is; nil for any other topic.
    public static func subscriber(ofTopic topic: some Collection<UInt8>) -> NodeID? {
        var rest = Array(topic)[...]
        guard rest.popFirst() == WireFormat.probeTopic, let id = rest.takeNodeID(), rest.isEmpty else { return nil }
        return id
    }

    /// The probe as one published frame.
    public func encoded() -> [UInt8] {
        var bytes = Self.topic(for: self.subscriber)
        bytes.append(WireFormat.newestVersion)
        bytes.append(contentsOf: self.origin.bytes)
        bytes.appendBigEndian(self.nonce)
        bytes.appendBigEndian(self.head)
        return bytes
    }
}
