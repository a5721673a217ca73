// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

extension Socket {
    /// What every socket is made with.
    ///
    /// libzmq's own defaults wait for ever at exit, keep half-open links for half an hour and take messages of any size.
    /// These do not. Each can be changed here or, one by one, with ``Socket/set(_:to:)``.
    public struct Options: Hashable, Sendable {
        /// How long unsent messages outlive the socket; nil waits for ever.
        ///
        /// Zero, so that no exit hangs.
        public var linger: Duration? = .zero
        /// How long a peer may take for the handshake.
        ///
        /// Short, so that silent connections hold nothing.
        public var handshakeInterval: Duration = .seconds(5)
        /// Bytes of a message at most; nil is no limit.
        ///
        /// Twice what a large task takes.
        public var maximumMessageSize: Int? = 32 << 20
        /// The first pause before connecting again.
        ///
        /// Each socket draws its own within ``reconnectJitter``.
        public var reconnectInterval: Duration = .milliseconds(100)
        /// How long an attempt to connect may take.
        ///
        /// The system's own pauses between the packets of one attempt grow to a minute: after a network was down, that is
        /// how long it would take to notice that it is back.
        public var connectTimeout: Duration = .seconds(3)
        /// How far, as a share, a socket's first pause may lie from ``reconnectInterval``: not all come back at once.
        public var reconnectJitter: Double = 0.25
        /// The longest pause before connecting again; pauses double up to it.
        public var reconnectIntervalMaximum: Duration = .seconds(5)
        /// How long sent data may go unacknowledged before the connection is given up: twice 3 s, the time after which
        /// a silent peer is suspect.
        ///
        /// It stands in for ZeroMQ's heartbeats, which abort the process in 4.3.4.
        public var tcpMaximumRetransmit: Duration = .seconds(6)
        /// Whether TCP looks after connections on which nothing is sent: first after a minute, then every ten seconds,
        /// given up after three.
        ///
        /// The system's own first look comes after two hours.
        public var tcpKeepalive: Bool = true
        /// Whether IPv6 is used for host names, IPv6 addresses and `*`.
        ///
        /// Plain IPv4 addresses stay IPv4.
        public var ipv6: Bool = true
        /// Messages that may wait to be sent, for each peer; zero is no limit.
        public var sendHighWaterMark: Int = 1_000
        /// Received messages that may wait, for each peer; zero is no limit.
        public var receiveHighWaterMark: Int = 1_000
        /// Whether messages are queued only for connections that are up.
        ///
        /// On, a sender without a peer waits.
        public var immediate: Bool = false
        /// The name by which ROUTERs address this socket; nil lets them choose.
        public var routingID: [UInt8]?

        /// Makes the defaults.
        public init() {}
    }
}
