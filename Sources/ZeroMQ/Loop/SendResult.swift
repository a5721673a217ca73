// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// What became of a message that was handed to a loop's socket.
public enum SendResult: Equatable, Sendable {
    /// libzmq has it.
    case sent
    /// The queue is full or no peer is there: keep it, and ask to be told with ``SocketLoop/notifyWhenWritable(_:)``.
    case wouldBlock
    /// It cannot be sent: the peer is not there (`unreachable`), the socket is closed (`closed`), or as the error says.
    case failed(ZeroMQError)

    /// Whether libzmq has it.
    public var isSent: Bool { self == .sent }
}
