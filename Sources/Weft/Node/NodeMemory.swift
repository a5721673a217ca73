// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftValue

/// The bytes of events that a node holds, by why it holds them; each kind has its bound.
public struct NodeMemory: Hashable, Sendable {
    /// Of its own stream, for those who missed it; bounded by ``Node/Configuration/replayWindow``.
    public var ownWindow: Int
    /// Of the others' streams, for when their origins are gone; bounded by ``Node/Configuration/receivedWindows``.
    public var receivedWindows: Int
    /// What waits for what is missing before it; bounded by `MeshDefaults.aheadBytes`.
    public var ahead: Int
    /// What waits to be sent; emitters are held back above ``NodeDefaults/outboxHighWaterMark``.
    public var outbox: Int
    /// What waits for the bus; reading stops above ``NodeDefaults/deliveryQueueBytes``.
    public var delivery: Int

    /// Creates an account.
    public init(ownWindow: Int = 0, receivedWindows: Int = 0, ahead: Int = 0, outbox: Int = 0, delivery: Int = 0) {
        self.ownWindow = ownWindow
        self.receivedWindows = receivedWindows
        self.ahead = ahead
        self.outbox = outbox
        self.delivery = delivery
    }

    /// The account by name.
    public var value: Value {
        [
            "ownWindow": Value(self.ownWindow), "receivedWindows": Value(self.receivedWindows),
            "ahead": Value(self.ahead), "outbox": Value(self.outbox), "delivery": Value(self.delivery),
        ]
    }
}
