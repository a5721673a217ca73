// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import ServerSentEvents

/// What an ``EventSource`` reports, in the order in which it happened.
public enum EventSourceElement: Hashable, Sendable {
    /// The server answered with an event stream; events follow.
    case opened

    /// An event.
    case event(ServerSentEvent)

    /// An event larger than the limit was dropped; the stream goes on. `start` is how its data began.
    case oversized(name: String, id: String, byteCount: Int, start: String)

    /// The stream ended or could not be opened; it is opened again after a pause.
    case disconnected(reason: HTTPError, retryIn: Duration)

    /// The server refuses with a status that only an operator can change, such as 401 or 403; it is asked again after
    /// a long pause. The message is the start of the answer's body.
    case refused(status: Int, message: String, retryIn: Duration)

    /// The last element: the source has given up for good.
    case failed(HTTPError)
}
