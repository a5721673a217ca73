// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

internal import CZeroMQ

/// Something that happened to a connection of a socket.
public struct MonitorEvent: Hashable, Sendable, CustomStringConvertible {
    /// What happened.
    public let kind: Kind
    /// A number that belongs to it: the descriptor of the connection, an error number, or a pause in milliseconds.
    public let value: UInt32
    /// The endpoint concerned, as ZeroMQ writes it; the local one for connections that were accepted.
    public let endpoint: String

    /// Whether the handshake failed because only one of both sides has keys; it is not tried again.
    public var isMechanismMismatch: Bool {
        self.kind == .handshakeFailedProtocol && self.value == UInt32(ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH)
    }

    /// Whether the handshake failed at a server because the client expected another server's key.
    public var isOtherKey: Bool {
        self.kind == .handshakeFailedProtocol && self.value == UInt32(ZMQ_PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC)
    }

    /// For people to read.
    public var description: String { "\(self.kind) \(self.endpoint) (\(self.value))" }

    /// What can happen.
    public struct Kind: Hashable, Sendable, CustomStringConvertible {
        /// libzmq's number for it.
        public let rawValue: UInt16

        /// The connection is up; the handshake follows.
        ///
        /// The value is its descriptor.
        public static let connected = Kind(ZMQ_EVENT_CONNECTED)
        /// The connection is being made.
        public static let connectDelayed = Kind(ZMQ_EVENT_CONNECT_DELAYED)
        /// The connection could not be made and is tried again; the value is the pause in milliseconds.
        public static let connectRetried = Kind(ZMQ_EVENT_CONNECT_RETRIED)
        /// The socket is bound.
        public static let listening = Kind(ZMQ_EVENT_LISTENING)
        /// The socket could not be bound; the value is the error number.
        public static let bindFailed = Kind(ZMQ_EVENT_BIND_FAILED)
        /// A connection was accepted; the handshake follows.
        ///
        /// The value is its descriptor.
        public static let accepted = Kind(ZMQ_EVENT_ACCEPTED)
        /// A connection could not be accepted; the value is the error number.
        public static let acceptFailed = Kind(ZMQ_EVENT_ACCEPT_FAILED)
        /// A connection or a listener was closed from this side.
        public static let closed = Kind(ZMQ_EVENT_CLOSED)
        /// A connection could not be closed; the value is the error number.
        public static let closeFailed = Kind(ZMQ_EVENT_CLOSE_FAILED)
        /// The connection broke; the value is its descriptor.
        public static let disconnected = Kind(ZMQ_EVENT_DISCONNECTED)
        /// The monitor ended.
        public static let monitorStopped = Kind(ZMQ_EVENT_MONITOR_STOPPED)
        /// The handshake failed without a reason known; the value is an error number.
        public static let handshakeFailed = Kind(ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL)
        /// The handshake is done: messages flow.
        public static let handshakeSucceeded = Kind(ZMQ_EVENT_HANDSHAKE_SUCCEEDED)
        /// The peers do not speak the same protocol or mechanism; the value is libzmq's protocol error.
        public static let handshakeFailedProtocol = Kind(ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL)
        /// The authenticator refused; the value is its status code.
        public static let handshakeFailedAuthentication = Kind(ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)

        private init(_ number: Int32) {
            self.rawValue = UInt16(truncatingIfNeeded: number)
        }

        init(rawValue: UInt16) {
            self.rawValue = rawValue
        }

        /// Whether the handshake failed, for whatever reason.
        public var isHandshakeFailure: Bool {
            self == .handshakeFailed || self == .handshakeFailedProtocol || self == .handshakeFailedAuthentication
        }

        /// Whether a handshake was refused for good: libzmq does not try that connection again.
        public var isRefusal: Bool { self == .handshakeFailedProtocol || self == .handshakeFailedAuthentication }

        /// For people to read.
        public var description: String {
            switch self {
            case .connected: "connected"
            case .connectDelayed: "connectDelayed"
            case .connectRetried: "connectRetried"
            case .listening: "listening"
            case .bindFailed: "bindFailed"
            case .accepted: "accepted"
            case .acceptFailed: "acceptFailed"
            case .closed: "closed"
            case .closeFailed: "closeFailed"
            case .disconnected: "disconnected"
            case .monitorStopped: "monitorStopped"
            case .handshakeFailed: "handshakeFailed"
            case .handshakeSucceeded: "handshakeSucceeded"
            case .handshakeFailedProtocol: "handshakeFailedProtocol"
            case .handshakeFailedAuthentication: "handshakeFailedAuthentication"
            default: "event\(self.rawValue)"
            }
        }
    }

    /// Reads the two frames that libzmq sends; nil when they are not what it promises.
    init?(_ message: Message) {
        guard message.first.count == 6 else { return nil }
        let (kind, value) = message.first.withUnsafeBytes { bytes in
            (bytes.loadUnaligned(as: UInt16.self), bytes.loadUnaligned(fromByteOffset: 2, as: UInt32.self))
        }
        self.kind = Kind(rawValue: kind)
        self.value = value
        self.endpoint = String(decoding: message[1] ?? [], as: UTF8.self)
    }
}
