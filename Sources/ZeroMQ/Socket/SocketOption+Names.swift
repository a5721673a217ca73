// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

internal import CZeroMQ

extension SocketOption where Value == Duration? {
    /// How long unsent messages outlive the socket; nil waits for ever.
    ///
    /// libzmq's own default is for ever, ours is zero.
    public static var linger: Self { .optionalTime(ZMQ_LINGER, "LINGER") }
    /// The first pause before connecting again; nil never connects again.
    public static var reconnectInterval: Self { .optionalTime(ZMQ_RECONNECT_IVL, "RECONNECT_IVL") }
    /// How long a blocking send waits; nil for ever.
    public static var sendTimeout: Self { .optionalTime(ZMQ_SNDTIMEO, "SNDTIMEO") }
    /// How long a blocking receive waits; nil for ever.
    public static var receiveTimeout: Self { .optionalTime(ZMQ_RCVTIMEO, "RCVTIMEO") }
}

extension SocketOption where Value == Duration {
    /// The longest pause before connecting again; pauses double up to it, zero keeps them as they are.
    public static var reconnectIntervalMaximum: Self { .time(ZMQ_RECONNECT_IVL_MAX, "RECONNECT_IVL_MAX") }
    /// How long a peer may take for the handshake; zero is no limit.
    public static var handshakeInterval: Self { .time(ZMQ_HANDSHAKE_IVL, "HANDSHAKE_IVL") }
    /// How long a TCP connect may take; zero leaves it to the system.
    public static var connectTimeout: Self { .time(ZMQ_CONNECT_TIMEOUT, "CONNECT_TIMEOUT") }
    /// How long sent data may go unacknowledged before TCP gives the connection up; zero leaves it to the system.
    public static var tcpMaximumRetransmit: Self { .time(ZMQ_TCP_MAXRT, "TCP_MAXRT") }
}

extension SocketOption where Value == Int {
    /// Messages that may wait to be sent, for each peer; zero is no limit.
    public static var sendHighWaterMark: Self { .int32(ZMQ_SNDHWM, "SNDHWM") }
    /// Received messages that may wait, for each peer; zero is no limit.
    public static var receiveHighWaterMark: Self { .int32(ZMQ_RCVHWM, "RCVHWM") }
    /// Bytes of a message at most, beyond which its sender is disconnected; -1 is no limit.
    public static var maximumMessageSize: Self { .int64(ZMQ_MAXMSGSIZE, "MAXMSGSIZE") }
    /// Connections that may wait to be accepted.
    public static var backlog: Self { .int32(ZMQ_BACKLOG, "BACKLOG") }
    /// The system's send buffer in bytes; -1 leaves it to the system.
    public static var sendBuffer: Self { .int32(ZMQ_SNDBUF, "SNDBUF") }
    /// The system's receive buffer in bytes; -1 leaves it to the system.
    public static var receiveBuffer: Self { .int32(ZMQ_RCVBUF, "RCVBUF") }
    /// TCP keep-alive: 1 on, 0 off, -1 as the system has it.
    public static var tcpKeepalive: Self { .int32(ZMQ_TCP_KEEPALIVE, "TCP_KEEPALIVE") }
    /// Seconds of silence before TCP probes; -1 as the system has it.
    public static var tcpKeepaliveIdle: Self { .int32(ZMQ_TCP_KEEPALIVE_IDLE, "TCP_KEEPALIVE_IDLE") }
    /// Seconds between TCP's probes; -1 as the system has it.
    public static var tcpKeepaliveInterval: Self { .int32(ZMQ_TCP_KEEPALIVE_INTVL, "TCP_KEEPALIVE_INTVL") }
    /// Unanswered TCP probes before the connection is given up; -1 as the system has it.
    public static var tcpKeepaliveCount: Self { .int32(ZMQ_TCP_KEEPALIVE_CNT, "TCP_KEEPALIVE_CNT") }
    /// The security mechanism in force: 0 none, 1 PLAIN, 2 CURVE.
    ///
    /// Read only.
    public static var mechanism: Self { .int32(ZMQ_MECHANISM, "MECHANISM") }
}

extension SocketOption where Value == Bool {
    /// Whether messages are queued only for connections that are up.
    public static var immediate: Self { .flag(ZMQ_IMMEDIATE, "IMMEDIATE") }
    /// Whether IPv6 is used beside IPv4.
    public static var ipv6: Self { .flag(ZMQ_IPV6, "IPV6") }
    /// Whether only the newest message is kept.
    ///
    /// Single frames only; the queue grows if it is never read.
    public static var conflate: Self { .flag(ZMQ_CONFLATE, "CONFLATE") }
    /// Whether an XPUB is told of every subscription, not only of new ones.
    ///
    /// Write only.
    public static var xpubVerbose: Self { .flag(ZMQ_XPUB_VERBOSE, "XPUB_VERBOSE") }
    /// Whether an XPUB is told of every subscription and every unsubscription.
    ///
    /// Write only.
    public static var xpubVerboser: Self { .flag(ZMQ_XPUB_VERBOSER, "XPUB_VERBOSER") }
    /// Whether an XPUB refuses to send instead of dropping when any subscriber's queue is full.
    ///
    /// Write only.
    public static var xpubNoDrop: Self { .flag(ZMQ_XPUB_NODROP, "XPUB_NODROP") }
    /// Whether a ROUTER reports peers it cannot reach instead of dropping what is for them.
    ///
    /// Write only.
    public static var routerMandatory: Self { .flag(ZMQ_ROUTER_MANDATORY, "ROUTER_MANDATORY") }
    /// Whether a new connection may take over the routing id of an older one.
    ///
    /// Write only.
    public static var routerHandover: Self { .flag(ZMQ_ROUTER_HANDOVER, "ROUTER_HANDOVER") }
    /// Whether an empty message is sent to each new peer of a ROUTER, DEALER or REQ.
    ///
    /// Write only.
    public static var probeRouter: Self { .flag(ZMQ_PROBE_ROUTER, "PROBE_ROUTER") }
    /// Whether a REQ may ask again before the reply has come.
    ///
    /// Write only.
    public static var requestRelaxed: Self { .flag(ZMQ_REQ_RELAXED, "REQ_RELAXED") }
    /// Whether a REQ matches replies to requests.
    ///
    /// Write only.
    public static var requestCorrelate: Self { .flag(ZMQ_REQ_CORRELATE, "REQ_CORRELATE") }
    /// Whether more frames of the current message follow.
    ///
    /// Read only.
    public static var receiveMore: Self { .flag(ZMQ_RCVMORE, "RCVMORE") }
    /// Whether an authenticator must be there before peers are let in.
    public static var zapEnforceDomain: Self { .flag(ZMQ_ZAP_ENFORCE_DOMAIN, "ZAP_ENFORCE_DOMAIN") }
    /// Whether the socket is the server side of CURVE.
    public static var curveServer: Self { .flag(ZMQ_CURVE_SERVER, "CURVE_SERVER") }
}

extension SocketOption where Value == [UInt8] {
    /// The name by which ROUTERs address this socket: 1 to 255 bytes, the first not 0.
    public static var routingID: Self { .bytes(ZMQ_ROUTING_ID, "ROUTING_ID", capacity: 255) }
    /// The routing id given to the peer of the next connect.
    ///
    /// Write only.
    public static var connectRoutingID: Self { .bytes(ZMQ_CONNECT_ROUTING_ID, "CONNECT_ROUTING_ID", capacity: 255) }
    /// What an XPUB sends to every new subscriber of a matching prefix.
    ///
    /// Write only.
    public static var xpubWelcomeMessage: Self { .bytes(ZMQ_XPUB_WELCOME_MSG, "XPUB_WELCOME_MSG", capacity: 0) }
    static var curvePublicKey: Self { .bytes(ZMQ_CURVE_PUBLICKEY, "CURVE_PUBLICKEY", capacity: 32) }
    static var curveSecretKey: Self { .bytes(ZMQ_CURVE_SECRETKEY, "CURVE_SECRETKEY", capacity: 32) }
    static var curveServerKey: Self { .bytes(ZMQ_CURVE_SERVERKEY, "CURVE_SERVERKEY", capacity: 32) }
    static var subscribe: Self { .bytes(ZMQ_SUBSCRIBE, "SUBSCRIBE", capacity: 0) }
    static var unsubscribe: Self { .bytes(ZMQ_UNSUBSCRIBE, "UNSUBSCRIBE", capacity: 0) }
}

extension SocketOption where Value == String {
    /// The endpoint that was bound last.
    ///
    /// Read only.
    public static var lastEndpoint: Self { .text(ZMQ_LAST_ENDPOINT, "LAST_ENDPOINT") }
    /// The domain by which the authenticator knows this socket.
    public static var zapDomain: Self { .text(ZMQ_ZAP_DOMAIN, "ZAP_DOMAIN") }
    /// The interface or VRF to bind to.
    ///
    /// Linux only, needs a privilege.
    public static var bindToDevice: Self { .text(ZMQ_BINDTODEVICE, "BINDTODEVICE") }
}
