// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// What a loop calls for one of its sockets.
///
/// All are called on the loop's thread and must not block.
///
/// An actor of the loop gets at its state with `assumeIsolated`. The loop drops the handlers when the socket is closed.
public struct SocketHandlers: Sendable {
    /// Called with what has arrived: at least one message, in order.
    public var onMessages: (@Sendable ([Message]) -> Void)?
    /// Called once after ``SocketLoop/notifyWhenWritable(_:)``, when sending is possible again.
    public var onWritable: (@Sendable () -> Void)?
    /// Called with what happens to the socket's connections.
    ///
    /// Without it the socket is not monitored.
    public var onEvents: (@Sendable ([MonitorEvent]) -> Void)?

    /// Makes a set of handlers.
    ///
    /// - Parameters:
    ///   - onMessages: Takes what has arrived.
    ///   - onWritable: Learns that sending is possible again.
    ///   - onEvents: Learns what happens to the connections.
    public init(
        onMessages: (@Sendable ([Message]) -> Void)? = nil, onWritable: (@Sendable () -> Void)? = nil,
        onEvents: (@Sendable ([MonitorEvent]) -> Void)? = nil
    ) {
        self.onMessages = onMessages
        self.onWritable = onWritable
        self.onEvents = onEvents
    }
}
