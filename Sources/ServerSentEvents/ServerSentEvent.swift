// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// One event of an event stream.
public struct ServerSentEvent: Hashable, Sendable {
    /// The event's name; `message` when the stream gave none.
    public var name: String

    /// The event's data; several data lines are joined with line feeds.
    public var data: String

    /// The last event id that the stream had given when this event ended; empty when it has given none.
    public var id: String

    /// Creates an event.
    public init(name: String = "message", data: String, id: String = "") {
        self.name = name
        self.data = data
        self.id = id
    }
}
