// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftBus
import WeftProtocol
import ZeroMQ

/// Makes the sockets that every node has.
enum NodeSockets {
    /// The control socket, bound.
    static func router(
        in context: Context, boundTo endpoint: Endpoint, _ security: NodeSecurity?
    ) throws(ZeroMQError) -> sending Socket {
        let router = try Socket(.router, in: context, options: .control)
        try security?.secure(server: router, .control)
        try router.set(.routerHandover, to: true)
        try router.set(.routerMandatory, to: true)
        try Self.bind(router, to: endpoint)
        return router
    }

    /// The socket of the own event stream, bound.
    static func publisher(
        in context: Context, boundTo endpoint: Endpoint, patience: Duration, _ security: NodeSecurity?
    ) throws(ZeroMQError) -> sending Socket {
        var options = Socket.Options.events
        // A connection must outlive the wait for the peer at its other end.
        options.tcpMaximumRetransmit = max(options.tcpMaximumRetransmit, patience + MeshDefaults.suspectAfter)
        let publisher = try Socket(.xpub, in: context, options: options)
        try security?.secure(server: publisher, .events)
        try publisher.set(.xpubVerbose, to: true)
        try publisher.set(.xpubNoDrop, to: true)
        try Self.bind(publisher, to: endpoint)
        return publisher
    }

    /// The socket that hears the others, or, with keys, one of them.
    static func subscriber(in context: Context, id: NodeID) throws(ZeroMQError) -> sending Socket {
        let subscriber = try Socket(.sub, in: context, options: .events)
        // In this order: who sees the second has seen the first.
        try subscriber.subscribe([WireFormat.batchTopic])
        try subscriber.subscribe(Probe.topic(for: id))
        return subscriber
    }

    /// A control link of this node's own.
    static func dealer(
        in context: Context, routingID: RoutingID, connectedTo endpoint: String,
        _ secure: (borrowing Socket) throws(ZeroMQError) -> Void = { _ in }
    ) throws(ZeroMQError) -> sending Socket {
        var options = Socket.Options.control
        options.routingID = routingID.bytes
        let dealer = try Socket(.dealer, in: context, options: options)
        try secure(dealer)
        try dealer.connect(try Endpoint(advertised: endpoint))
        return dealer
    }

    private static func bind(_ socket: borrowing Socket, to endpoint: Endpoint) throws(ZeroMQError) {
        do throws(ZeroMQError) {
            try socket.bind(endpoint)
        } catch {
            throw error.code == .addressInUse ? .inUse(endpoint, error) : error
        }
    }
}

extension Socket.Options {
    /// For sockets of the control plane.
    static var control: Socket.Options {
        var options = Socket.Options()
        options.linger = NodeDefaults.linger
        options.reconnectIntervalMaximum = NodeDefaults.reconnectIntervalMaximum
        options.maximumMessageSize = WireFormat.maximumControlFrame
        options.sendHighWaterMark = NodeDefaults.controlHighWaterMark
        options.receiveHighWaterMark = NodeDefaults.controlHighWaterMark
        return options
    }

    /// For sockets of the event stream.
    static var events: Socket.Options {
        var options = Socket.Options()
        options.linger = NodeDefaults.linger
        options.reconnectIntervalMaximum = NodeDefaults.reconnectIntervalMaximum
        options.maximumMessageSize = WireFormat.maximumPublishedFrame
        options.sendHighWaterMark = NodeDefaults.eventHighWaterMark
        options.receiveHighWaterMark = NodeDefaults.eventHighWaterMark
        return options
    }
}

extension NodeError {
    /// What a socket's refusal means for a node.
    init(binding error: ZeroMQError) {
        switch error.code {
        case .addressInUse:
            self.init(
                .addressInUse,
                "\(error.message): stop that one, or choose another address with --bind (a node uses the port that is "
                    + "given and the three after it)")
        case .addressNotAvailable, .invalidEndpoint, .permissionDenied, .notFound:
            self.init(.address, "\(error.message); choose an address of this machine with --bind")
        default: self.init(.system, error.message)
        }
    }
}

extension ZeroMQError {
    /// Somebody else is bound there, in words that nothing need be added to.
    static func inUse(_ endpoint: Endpoint, _ error: ZeroMQError) -> ZeroMQError {
        ZeroMQError(.addressInUse, "another program has \(endpoint)", systemError: error.systemError)
    }
}
