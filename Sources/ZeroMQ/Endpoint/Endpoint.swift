// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Where a socket binds or connects: `tcp://127.0.0.1:7400`, `ipc:///run/weft.sock` or `inproc://name`.
///
/// A `*` as the host of a TCP endpoint binds all interfaces, a `*` as its port takes one below the ephemeral range,
/// a `*` as an IPC path a temporary one. IPv6 addresses stand in brackets.
public struct Endpoint: Hashable, Sendable, CustomStringConvertible {
    /// How an endpoint is reached.
    public enum Transport: String, Sendable {
        /// Over the network.
        case tcp
        /// Between processes of one machine.
        case ipc
        /// Between threads, through one context.
        case inproc
    }

    /// How it is reached.
    public let transport: Transport
    /// The host of a TCP endpoint without brackets, the path of an IPC one, the name of an inproc one.
    public let address: String
    /// The port of a TCP endpoint; nil for other transports and for a wildcard.
    public let port: UInt16?

    /// The longest IPC path the system takes, in bytes.
    static let longestPath = 107

    private init(transport: Transport, address: String, port: UInt16?) {
        self.transport = transport
        self.address = address
        self.port = port
    }

    /// Reads an endpoint, or says what is wrong with it.
    ///
    /// - Parameter text: What a person or a peer wrote.
    public init(_ text: String) throws(ZeroMQError) {
        guard let separator = text.firstRange(of: "://") else {
            throw Endpoint.invalid(text, "write it as tcp://HOST:PORT, ipc://PATH or inproc://NAME")
        }
        let scheme = text[..<separator.lowerBound]
        let rest = text[separator.upperBound...]
        guard let transport = Transport(rawValue: String(scheme)) else {
            throw Endpoint.invalid(text, "the transport must be tcp, ipc or inproc")
        }
        guard !rest.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) else {
            throw Endpoint.invalid(text, "it must not contain spaces or control characters")
        }
        switch transport {
        case .tcp: self = try Endpoint.tcp(text, rest)
        case .ipc: self = try Endpoint.local(.ipc, text, rest, limit: Endpoint.longestPath)
        case .inproc: self = try Endpoint.local(.inproc, text, rest, limit: 255)
        }
    }

    /// A TCP endpoint.
    ///
    /// - Parameters:
    ///   - host: A name or an address, without brackets; `*` for all interfaces.
    ///   - port: The port, or nil to take a free one when binding.
    public static func tcp(host: String, port: UInt16?) throws(ZeroMQError) -> Endpoint {
        let shown = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
        return try Endpoint("tcp://\(shown):\(port.map(String.init) ?? "*")")
    }

    /// An IPC endpoint.
    ///
    /// - Parameter path: At most 107 bytes.
    public static func ipc(path: String) throws(ZeroMQError) -> Endpoint {
        try Endpoint("ipc://\(path)")
    }

    /// An inproc endpoint.
    ///
    /// - Parameter name: At most 255 bytes.
    public static func inproc(_ name: String) throws(ZeroMQError) -> Endpoint {
        try Endpoint("inproc://\(name)")
    }

    /// The endpoint as ZeroMQ writes it.
    public var description: String {
        switch self.transport {
        case .tcp: "tcp://\(self.bracketedHost):\(self.port.map(String.init) ?? "*")"
        case .ipc: "ipc://\(self.address)"
        case .inproc: "inproc://\(self.address)"
        }
    }

    /// Whether a socket can only bind here, because host, port or path is left open.
    public var isWildcard: Bool {
        switch self.transport {
        case .tcp: self.port == nil || ["*", "0.0.0.0", "::"].contains(self.address)
        case .ipc: self.address == "*"
        case .inproc: false
        }
    }

    /// Whether traffic here never leaves this machine.
    public var isLoopback: Bool {
        switch self.transport {
        case .tcp:
            self.address == "localhost" || self.address == "::1"
                || (self.isIPv4Literal && self.address.hasPrefix("127."))
        case .ipc, .inproc: true
        }
    }

    /// The same TCP endpoint with another port; others are returned as they are.
    ///
    /// - Parameter port: The port, or nil for a wildcard.
    public func withPort(_ port: UInt16?) -> Endpoint {
        guard self.transport == .tcp else { return self }
        return Endpoint(transport: .tcp, address: self.address, port: port)
    }

    /// The same TCP endpoint with another host; others are returned as they are.
    ///
    /// - Parameter host: A name or an address, without brackets.
    public func withHost(_ host: String) throws(ZeroMQError) -> Endpoint {
        guard self.transport == .tcp else { return self }
        return try Endpoint.tcp(host: host, port: self.port)
    }

    var isIPv4Literal: Bool {
        let parts = self.address.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
    }

    private var bracketedHost: String {
        self.address.utf8.contains(UInt8(ascii: ":")) ? "[\(self.address)]" : self.address
    }

    private static func tcp(_ text: String, _ rest: Substring) throws(ZeroMQError) -> Endpoint {
        guard let colon = rest.lastIndex(of: ":") else { throw invalid(text, "the port is missing, as in :7400") }
        var host = rest[..<colon]
        let portText = rest[rest.index(after: colon)...]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            throw invalid(text, "an IPv6 address stands in brackets, as in tcp://[::1]:7400")
        }
        guard !host.isEmpty else { throw invalid(text, "the host is missing; * binds all interfaces") }
        guard !host.contains(where: { "/[];@".contains($0) }) else {
            throw invalid(text, "the host must be a name or an address")
        }
        if portText == "*" || portText == "0" {
            return Endpoint(transport: .tcp, address: String(host), port: nil)
        }
        guard portText.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(portText), port > 0 else {
            throw invalid(text, "the port must be 1 to 65535, or * when binding")
        }
        return Endpoint(transport: .tcp, address: String(host), port: port)
    }

    private static func local(
        _ transport: Transport, _ text: String, _ rest: Substring, limit: Int
    ) throws(ZeroMQError) -> Endpoint {
        guard !rest.isEmpty else { throw invalid(text, "the \(transport == .ipc ? "path" : "name") is missing") }
        guard rest.utf8.count <= limit else {
            throw invalid(
                text, "it is \(rest.utf8.count) bytes long, at most \(limit) are possible; choose a shorter one")
        }
        return Endpoint(transport: transport, address: String(rest), port: nil)
    }

    private static func invalid(_ text: String, _ advice: String) -> ZeroMQError {
        let shown = text.utf8.count > 200 ? "\(text.prefix(100))…" : text
        return ZeroMQError(.invalidEndpoint, "\"\(shown)\" is not an endpoint: \(advice)")
    }
}
