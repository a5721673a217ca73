// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

// What is asked of a loop's sockets most often. For the rest there is `withSocket`.
extension SocketLoop {
    /// Binds a socket of the loop.
    ///
    /// Only on the loop.
    ///
    /// - Parameters:
    ///   - id: Which.
    ///   - endpoint: Where to.
    /// - Returns: Where it is really bound.
    @discardableResult
    public func bind(_ id: SocketID, to endpoint: Endpoint) throws(ZeroMQError) -> Endpoint {
        try self.withSocket(id) { socket throws(ZeroMQError) in try socket.bind(endpoint) }
    }

    /// Undoes a bind of a socket of the loop.
    ///
    /// Only on the loop.
    ///
    /// - Parameters:
    ///   - id: Which.
    ///   - endpoint: What the bind returned.
    public func unbind(_ id: SocketID, from endpoint: Endpoint) throws(ZeroMQError) {
        try self.withSocket(id) { socket throws(ZeroMQError) in try socket.unbind(endpoint) }
    }

    /// Connects a socket of the loop.
    ///
    /// Only on the loop.
    ///
    /// - Parameters:
    ///   - id: Which.
    ///   - endpoint: Where to.
    public func connect(_ id: SocketID, to endpoint: Endpoint) throws(ZeroMQError) {
        try self.withSocket(id) { socket throws(ZeroMQError) in try socket.connect(endpoint) }
    }

    /// Undoes a connect of a socket of the loop.
    ///
    /// Only on the loop.
    ///
    /// - Parameters:
    ///   - id: Which.
    ///   - endpoint: What was connected.
    public func disconnect(_ id: SocketID, from endpoint: Endpoint) throws(ZeroMQError) {
        try self.withSocket(id) { socket throws(ZeroMQError) in try socket.disconnect(endpoint) }
    }

    /// Subscribes a socket of the loop to a prefix.
    ///
    /// Only on the loop.
    ///
    /// - Parameters:
    ///   - id: Which.
    ///   - prefix: The prefix; empty for all.
    public func subscribe(_ id: SocketID, to prefix: [UInt8]) throws(ZeroMQError) {
        try self.withSocket(id) { socket throws(ZeroMQError) in try socket.subscribe(prefix) }
    }

    /// Takes a subscription of a socket of the loop back.
    ///
    /// Only on the loop.
    ///
    /// - Parameters:
    ///   - id: Which.
    ///   - prefix: What was subscribed to.
    public func unsubscribe(_ id: SocketID, from prefix: [UInt8]) throws(ZeroMQError) {
        try self.withSocket(id) { socket throws(ZeroMQError) in try socket.unsubscribe(prefix) }
    }
}
