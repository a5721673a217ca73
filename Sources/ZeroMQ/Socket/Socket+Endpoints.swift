// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

internal import CZeroMQ

extension Socket {
    /// Binds, so that others can connect.
    ///
    /// A wildcard port is picked below the system's ephemeral range, see ``PortPicker``.
    ///
    /// - Parameter endpoint: Where to.
    /// - Returns: Where it is really bound: with the port or path that was picked.
    @discardableResult
    public func bind(_ endpoint: Endpoint) throws(ZeroMQError) -> Endpoint {
        guard endpoint.transport == .tcp, endpoint.port == nil else { return try self.bindExactly(endpoint) }
        return try self.bind(endpoint, picking: PortPicker())
    }

    /// Binds, so that others can connect.
    ///
    /// - Parameter text: Where to, as `tcp://127.0.0.1:7400`.
    /// - Returns: Where it is really bound.
    @discardableResult
    public func bind(_ text: String) throws(ZeroMQError) -> Endpoint {
        try self.bind(try Endpoint(text))
    }

    /// Binds to the first port that is free, out of random ones.
    ///
    /// - Parameters:
    ///   - endpoint: The host; a port in it is ignored.
    ///   - picker: Where ports come from.
    ///   - attempts: How many to try.
    /// - Returns: Where it is bound.
    @discardableResult
    public func bind(
        _ endpoint: Endpoint, picking picker: PortPicker, attempts: Int = 200
    ) throws(ZeroMQError) -> Endpoint {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<max(attempts, 1) {
            do throws(ZeroMQError) {
                return try self.bindExactly(endpoint.withPort(picker.pick(using: &generator)))
            } catch {
                guard error.code == .addressInUse || error.code == .permissionDenied else { throw error }
            }
        }
        throw ZeroMQError(
            .noFreePort,
            "\(attempts) random ports of \(picker.range) on \(endpoint.address) are taken; name one that is free")
    }

    /// Undoes a bind.
    ///
    /// - Parameter endpoint: What ``bind(_:)-(Endpoint)`` returned.
    public func unbind(_ endpoint: Endpoint) throws(ZeroMQError) {
        guard zmq_unbind(self.handle, endpoint.description) == 0 else {
            throw ZeroMQError.last("unbind from \(endpoint)")
        }
    }

    /// Connects; returns at once, libzmq goes on trying until it can.
    ///
    /// While nobody listens at a local port of the system's ephemeral range, trying long enough can connect a socket to
    /// itself (a trait of TCP that 4.3.4 does not notice). Let servers listen below it, as ``PortPicker`` does.
    ///
    /// - Parameter endpoint: Where to.
    public func connect(_ endpoint: Endpoint) throws(ZeroMQError) {
        guard !endpoint.isWildcard else {
            throw ZeroMQError(.invalidEndpoint, "cannot connect to \(endpoint): name the host and port of a peer")
        }
        try self.chooseFamily(for: endpoint)
        guard zmq_connect(self.handle, endpoint.description) == 0 else {
            throw ZeroMQError.last("connect to \(endpoint)")
        }
    }

    /// Connects; returns at once, libzmq goes on trying until it can.
    ///
    /// - Parameter text: Where to, as `tcp://127.0.0.1:7400`.
    public func connect(_ text: String) throws(ZeroMQError) {
        try self.connect(try Endpoint(text))
    }

    /// Undoes a connect.
    ///
    /// - Parameter endpoint: What was connected.
    public func disconnect(_ endpoint: Endpoint) throws(ZeroMQError) {
        guard zmq_disconnect(self.handle, endpoint.description) == 0 else {
            throw ZeroMQError.last("disconnect from \(endpoint)")
        }
    }

    /// Subscribes a SUB or XSUB socket to all messages that start with a prefix.
    ///
    /// - Parameter prefix: The prefix; empty for all. 246 to 255 bytes are refused: libzmq 4.3.4 breaks these.
    public func subscribe(_ prefix: [UInt8]) throws(ZeroMQError) {
        try Socket.checkSubscription(prefix)
        if self.kind == .xsub {
            try self.send([1] + prefix)
        } else {
            try self.set(.subscribe, to: prefix)
        }
    }

    /// Subscribes a SUB or XSUB socket to all messages that start with a prefix.
    ///
    /// - Parameter prefix: The prefix as text; empty for all.
    public func subscribe(_ prefix: String) throws(ZeroMQError) {
        try self.subscribe([UInt8](prefix.utf8))
    }

    /// Takes a subscription back.
    ///
    /// - Parameter prefix: What was subscribed to.
    public func unsubscribe(_ prefix: [UInt8]) throws(ZeroMQError) {
        try Socket.checkSubscription(prefix)
        if self.kind == .xsub {
            try self.send([0] + prefix)
        } else {
            try self.set(.unsubscribe, to: prefix)
        }
    }

    /// Takes a subscription back.
    ///
    /// - Parameter prefix: What was subscribed to, as text.
    public func unsubscribe(_ prefix: String) throws(ZeroMQError) {
        try self.unsubscribe([UInt8](prefix.utf8))
    }

    private func bindExactly(_ endpoint: Endpoint) throws(ZeroMQError) -> Endpoint {
        try self.chooseFamily(for: endpoint)
        guard zmq_bind(self.handle, endpoint.description) == 0 else {
            throw ZeroMQError.last("bind to \(endpoint)")
        }
        return try Endpoint(try self.get(.lastEndpoint))
    }

    /// A subscription travels with one byte or nine bytes of length in front; for these lengths 4.3.4 takes the wrong one.
    private static func checkSubscription(_ prefix: [UInt8]) throws(ZeroMQError) {
        guard !(246...255).contains(prefix.count) else {
            throw ZeroMQError(
                .subscriptionLength,
                "libzmq 4.3.4 breaks subscriptions of 246 to 255 bytes, and this one has \(prefix.count); shorten it")
        }
    }
}
