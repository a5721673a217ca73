// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

internal import CZeroMQ

/// A socket of the loop, with what belongs to it.
///
/// Used on the loop's thread only.
final class LoopEntry {
    /// Holds the socket so that it can be borrowed while it is there and closed by letting go of it.
    final class Holder {
        let socket: Socket

        init(_ socket: consuming Socket) {
            self.socket = socket
        }
    }

    let id: SocketID
    let handle: UnsafeMutableRawPointer
    let kind: Socket.Kind
    var holder: Holder?
    var handlers: SocketHandlers
    var descriptor: Int32 = -1
    /// Whether it was used since its events were last looked at: then its descriptor says nothing.
    var isDirty = false
    var isPaused = false
    var wantsWritable = false
    var readsUserID = false
    /// The socket that delivers this one's monitor events.
    var monitor: SocketID?
    /// The socket whose monitor this is.
    var monitored: SocketID?

    init(_ socket: consuming Socket, id: SocketID, handlers: SocketHandlers) {
        self.id = id
        self.handle = socket.handle
        self.kind = socket.kind
        self.handlers = handlers
        self.holder = Holder(socket)
    }

    var isClosed: Bool { self.holder == nil }
}
