// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// What comes out of an ``EventStreamParser``.
public enum EventStreamElement: Hashable, Sendable {
    /// A whole event.
    case event(ServerSentEvent)

    /// An event that was larger than the parser's limit and was dropped; the stream goes on with the next.
    ///
    /// - Parameters:
    ///   - name: The event's name, as far as it could be read.
    ///   - id: The last event id that the stream had given when the event ended.
    ///   - byteCount: How many bytes of the stream the event took.
    ///   - start: How its data began, for telling what it was.
    case oversized(name: String, id: String, byteCount: Int, start: String)
}
