// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

internal import CZeroMQ

/// A ZeroMQ socket.
///
/// It closes when its life ends.
///
/// A socket belongs to one thread at a time; it is not Sendable, so the compiler sees to that. Give it to a
/// ``SocketLoop`` to use it from actors, or use it here:
///
/// ```swift
/// let context = try Context()
/// let pull = try context.socket(.pull)
/// let endpoint = try pull.bind("tcp://127.0.0.1:*")
/// let push = try context.socket(.push)
/// try push.connect(endpoint)
/// try push.send(Message("hello"))
/// let message = try pull.receive(within: .seconds(1))
/// ```
public struct Socket: ~Copyable {
    /// What pattern it takes part in.
    public let kind: Kind
    let handle: UnsafeMutableRawPointer
    let context: Context
    /// Whether IPv6 is wanted where it makes sense, see ``Options/ipv6``.
    private let allowsIPv6: Bool

    /// Makes a socket.
    ///
    /// - Parameters:
    ///   - kind: What pattern it takes part in.
    ///   - context: Its context.
    ///   - options: Its options.
    public init(_ kind: Kind, in context: Context, options: Options = Options()) throws(ZeroMQError) {
        self = try Socket.made(kind, in: context, options: options)
    }

    private init(kind: Kind, context: Context, handle: UnsafeMutableRawPointer, allowsIPv6: Bool) {
        self.kind = kind
        self.context = context
        self.handle = handle
        self.allowsIPv6 = allowsIPv6
    }

    deinit {
        zmq_close(self.handle)
    }

    /// Sets an option.
    ///
    /// - Parameters:
    ///   - option: Which.
    ///   - value: What to.
    public func set<Value>(_ option: SocketOption<Value>, to value: Value) throws(ZeroMQError) {
        guard let bytes = option.encode(value) else {
            throw ZeroMQError(.invalidArgument, "\(value) is out of range for the option \(option.name)")
        }
        guard zmq_setsockopt(self.handle, option.number, bytes, bytes.count) == 0 else {
            throw ZeroMQError.last("set the option \(option.name) of a \(self.kind) socket")
        }
    }

    /// Reads an option.
    ///
    /// - Parameter option: Which.
    public func get<Value>(_ option: SocketOption<Value>) throws(ZeroMQError) -> Value {
        var size = option.capacity
        var bytes = [UInt8](repeating: 0, count: size)
        guard zmq_getsockopt(self.handle, option.number, &bytes, &size) == 0 else {
            throw ZeroMQError.last("read the option \(option.name) of a \(self.kind) socket")
        }
        guard let value = option.decode(bytes.prefix(size)) else {
            throw ZeroMQError(.other, "libzmq gave \(size) bytes for the option \(option.name)")
        }
        return value
    }

    private static func made(_ kind: Kind, in context: Context, options: Options) throws(ZeroMQError) -> Socket {
        let handle = try context.makeHandle(kind)
        let socket = Socket(kind: kind, context: context, handle: handle, allowsIPv6: options.ipv6)
        try socket.apply(options)
        return socket
    }

    private func apply(_ options: Options) throws(ZeroMQError) {
        try self.set(.linger, to: options.linger)
        try self.set(.handshakeInterval, to: options.handshakeInterval)
        try self.set(.maximumMessageSize, to: options.maximumMessageSize ?? -1)
        let jitter = min(max(options.reconnectJitter, 0), 1)
        let pause = options.reconnectInterval * Double.random(in: (1 - jitter)...(1 + jitter))
        try self.set(.reconnectInterval, to: max(pause, .milliseconds(1)))
        try self.set(.reconnectIntervalMaximum, to: options.reconnectIntervalMaximum)
        try self.set(.connectTimeout, to: options.connectTimeout)
        try self.set(.tcpMaximumRetransmit, to: options.tcpMaximumRetransmit)
        try self.set(.tcpKeepalive, to: options.tcpKeepalive ? 1 : 0)
        if options.tcpKeepalive {
            try self.set(.tcpKeepaliveIdle, to: 60)
            try self.set(.tcpKeepaliveInterval, to: 10)
            try self.set(.tcpKeepaliveCount, to: 3)
        }
        try self.set(.ipv6, to: options.ipv6)
        try self.set(.sendHighWaterMark, to: options.sendHighWaterMark)
        try self.set(.receiveHighWaterMark, to: options.receiveHighWaterMark)
        try self.set(.immediate, to: options.immediate)
        if let routingID = options.routingID { try self.set(.routingID, to: routingID) }
    }

    /// An IPv4 address on a socket with IPv6 would come back mapped into IPv6; the option counts from the next bind on.
    func chooseFamily(for endpoint: Endpoint) throws(ZeroMQError) {
        guard endpoint.transport == .tcp, self.allowsIPv6 else { return }
        try self.set(.ipv6, to: !endpoint.isIPv4Literal)
    }
}
