// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import Weft
import WeftProtocol
import WeftTestKit
import ZeroMQ

/// A socket that is not a node's, to say to nodes what no node would; nothing in it blocks a test's thread.
final class Stranger: Sendable {
    /// What has come.
    let received = Collector<Message>("messages to a stranger")
    /// Where it is bound, if it is.
    let address: String
    private let loop: SocketLoop
    private let authenticator: Authenticator?
    private let socket: SocketID

    /// A socket that is connected to a node's control address, as a link of a node with this id.
    static func dealer(to node: Node, as id: NodeID, link: UInt32 = 1) throws -> Stranger {
        var options = Socket.Options()
        options.routingID = RoutingID(node: id, link: link).bytes
        let address = try #require(node.controlAddress)
        return try Stranger(.dealer, options) { socket throws(ZeroMQError) in
            try socket.connect(address)
            return address
        }
    }

    /// The same with a key, towards a node with another one.
    static func dealer(to node: Node, as id: NodeID, key: KeyFile, serverKey: KeyFile) throws -> Stranger {
        var options = Socket.Options()
        options.routingID = RoutingID(node: id, link: 1).bytes
        let address = try #require(node.controlAddress)
        return try Stranger(.dealer, options) { socket throws(ZeroMQError) in
            try socket.useCurve(client: key.pair, serverKey: serverKey.pair.publicKey)
            try socket.connect(address)
            return address
        }
    }

    /// A socket that is bound and proves a key, to the owner of another one.
    static func bound(_ kind: Socket.Kind, key: KeyFile, admitting other: KeyFile) throws -> Stranger {
        try Stranger(kind, Socket.Options(), users: [other.pair.publicKey: other.name]) { socket throws(ZeroMQError) in
            try socket.useCurve(server: key.pair)
            return try socket.bind("tcp://127.0.0.1:*").description
        }
    }

    /// A socket that is bound.
    static func bound(_ kind: Socket.Kind) throws -> Stranger {
        try Stranger(kind, Socket.Options()) { socket throws(ZeroMQError) in
            try socket.bind("tcp://127.0.0.1:*").description
        }
    }

    /// A socket that is connected to an address.
    static func connected(_ kind: Socket.Kind, to address: String) throws -> Stranger {
        try Stranger(kind, Socket.Options()) { socket throws(ZeroMQError) in
            try socket.connect(address)
            return address
        }
    }

    /// A socket that is connected to an address, with a key towards a server with another one, or with none.
    static func connected(
        _ kind: Socket.Kind, to address: String, key: KeyFile?, serverKey: KeyFile, routingID: [UInt8]? = nil,
        subscribing: Bool = false
    ) throws -> Stranger {
        var options = Socket.Options()
        options.routingID = routingID
        return try Stranger(kind, options) { socket throws(ZeroMQError) in
            if let key { try socket.useCurve(client: key.pair, serverKey: serverKey.pair.publicKey) }
            if subscribing { try socket.subscribe("") }
            try socket.connect(address)
            return address
        }
    }

    private init(
        _ kind: Socket.Kind, _ options: Socket.Options, users: [CurvePublicKey: String] = [:],
        _ prepare: (borrowing Socket) throws(ZeroMQError) -> String
    ) throws {
        let context = try Context()
        self.loop = try SocketLoop(context: context)
        self.authenticator =
            users.isEmpty ? nil : try Authenticator(context: context, users: users, loop: self.loop)
        let socket = try Socket(kind, in: context, options: options)
        self.address = try prepare(socket)
        self.socket = try self.loop.add(
            socket, SocketHandlers(onMessages: { [received] in received.append(contentsOf: $0) }))
    }

    /// Sends a message of one frame.
    func send(_ frame: [UInt8]) {
        self.send(Message(frame))
    }

    /// Sends a message.
    func send(_ message: Message) {
        self.loop.post { [loop, socket] in loop.send(message, on: socket) }
    }

    /// Closes the socket.
    func close() async {
        await self.loop.shutdown(within: .seconds(1))
    }
}
