// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftBus
public import WeftValue

extension EventName {
    /// `weft:peer-joined`: a peer hears this node and is heard; an object with `id`, `name` and `roles`.
    public static let peerJoined = EventName("weft:peer-joined")
    /// `weft:peer-left`: a peer is gone; an object with `id`, `name`, `roles` and `reason` (`left`, `dead`, `replaced`, `revoked`).
    public static let peerLeft = EventName("weft:peer-left")
    /// `weft:gap`: events that will not come; the origin's id, the first and the last sequence missed.
    public static let gap = EventName("weft:gap")
}

extension EventKey {
    /// `weft:peer-joined`: a peer hears this node and is heard; an object with `id`, `name` and `roles`.
    public static var peerJoined: EventKey<Value> { "weft:peer-joined" }
    /// `weft:peer-left`: a peer is gone; an object with `id`, `name`, `roles` and `reason` (`left`, `dead`, `replaced`, `revoked`).
    public static var peerLeft: EventKey<Value> { "weft:peer-left" }
    /// `weft:gap`: events that will not come; the origin's id, the first and the last sequence missed.
    public static var gap: EventKey<String, UInt64, UInt64> { "weft:gap" }
}
