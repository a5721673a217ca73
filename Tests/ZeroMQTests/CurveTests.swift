// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import ZeroMQ

struct CurveTests {
    @Test func keysReadBackFromTheirText() throws {
        let keys = try CurveKeyPair()
        #expect(keys.publicKey.text.utf8.count == 40)
        #expect(try CurvePublicKey(keys.publicKey.text) == keys.publicKey)
        let secret = try CurveSecretKey(keys.secretKey.revealed)
        #expect(try CurveKeyPair(secretKey: secret) == keys)
        #expect(try CurveKeyPair() != keys)
    }

    @Test func secretKeysAreNeverPrinted() throws {
        let keys = try CurveKeyPair()
        var dumped = ""
        dump(keys, to: &dumped)
        for text in ["\(keys)", "\(keys.secretKey)", String(reflecting: keys), dumped] {
            #expect(!text.contains(keys.secretKey.revealed))
            #expect(!text.contains("\(keys.secretKey.revealed.utf8.first ?? 0), "))
        }
    }

    @Test(arguments: [
        "", "short", String(repeating: " ", count: 40), String(repeating: "#", count: 40),
        String(repeating: "é", count: 20),
        String(repeating: "0", count: 41),
    ])
    func badKeysAreRefused(_ text: String) {
        #expect { _ = try CurvePublicKey(text) } throws: { ($0 as? ZeroMQError)?.code == .invalidKey }
        #expect { _ = try CurveSecretKey(text) } throws: { ($0 as? ZeroMQError)?.code == .invalidKey }
    }

    /// Servers that let `known` in as "alice"; the endpoint they listen at.
    private func serve(
        _ context: Context, _ keys: CurveKeyPair
    ) throws -> (router: SocketBox, endpoint: Endpoint) {
        let router = try context.socket(.router)
        try router.useCurve(server: keys)
        let endpoint = try router.bind("tcp://127.0.0.1:*")
        return (SocketBox(router), endpoint)
    }

    @Test func knownKeysEnterWithTheirUserID() throws {
        let context = try Context()
        let (server, client) = (try CurveKeyPair(), try CurveKeyPair())
        let authenticator = try Authenticator(context: context, users: [client.publicKey: "alice"])
        let (router, endpoint) = try self.serve(context, server)
        let dealer = try context.socket(.dealer)
        try dealer.useCurve(client: client, serverKey: server.publicKey)
        try dealer.connect(endpoint)
        try dealer.send(Message("hello"))
        let message = try router.socket.receive(within: patience)
        #expect(message.userID == "alice")
        #expect(message.last == Array("hello".utf8))
        #expect(authenticator.counts.allowed == 1)
        #expect(authenticator.counts.refused == 0)
        try dealer.send(Message("frame"))
        _ = try router.socket.receiveFrame()
        let frame = try router.socket.receiveFrame()
        let (userID, address) = (frame.userID, frame.peerAddress)
        #expect(userID == "alice")
        #expect(address == "127.0.0.1")
    }

    @Test func unknownKeysAndPlaintextAreRefused() async throws {
        let context = try Context()
        let loop = try SocketLoop(context: context)
        let (server, stranger, known) = (try CurveKeyPair(), try CurveKeyPair(), try CurveKeyPair())
        let decisions = Recorder<Authenticator.Decision>()
        let authenticator = try Authenticator(
            context: context, users: [known.publicKey: "bob"], loop: loop, onDecision: { decisions.record($0) })
        let (events, messages) = (Recorder<MonitorEvent>(), Recorder<Message>())
        let router = try context.socket(.router)
        try router.useCurve(server: server)
        let endpoint = try router.bind("tcp://127.0.0.1:*")
        _ = try loop.add(
            router, SocketHandlers(onMessages: { messages.record($0) }, onEvents: { events.record($0) }))

        let unknown = try context.socket(.dealer)
        try unknown.useCurve(client: stranger, serverKey: server.publicKey)
        try unknown.connect(endpoint)
        try unknown.send(Message("from a stranger"))
        let refused = try await decisions.wait(count: 1)
        #expect(refused[0].userID == nil)
        #expect(refused[0].key == stranger.publicKey)
        #expect(refused[0].domain == "weft")
        #expect(refused[0].address == "127.0.0.1")
        _ = try await events.wait { $0.contains { $0.kind == .handshakeFailedAuthentication } }

        let plain = try context.socket(.dealer)
        try plain.connect(endpoint)
        try plain.send(Message("in the clear"))
        _ = try await events.wait { $0.contains { $0.kind == .handshakeFailedProtocol } }

        let friend = try context.socket(.dealer)
        try friend.useCurve(client: known, serverKey: server.publicKey)
        try friend.connect(endpoint)
        try friend.send(Message("from a friend"))
        let received = try await messages.wait(count: 1)
        #expect(received.map(\.last) == [Array("from a friend".utf8)])
        #expect(received[0].userID == "bob")
        #expect(authenticator.counts.allowed == 1)
        #expect(authenticator.counts.refused >= 1)
    }

    @Test func nobodyEntersWithoutAnAuthenticator() async throws {
        let context = try Context()
        let loop = try SocketLoop(context: context)
        let (server, client) = (try CurveKeyPair(), try CurveKeyPair())
        let (events, messages) = (Recorder<MonitorEvent>(), Recorder<Message>())
        let router = try context.socket(.router)
        try router.useCurve(server: server)
        let endpoint = try router.bind("tcp://127.0.0.1:*")
        _ = try loop.add(
            router, SocketHandlers(onMessages: { messages.record($0) }, onEvents: { events.record($0) }))
        let dealer = try context.socket(.dealer)
        try dealer.useCurve(client: client, serverKey: server.publicKey)
        try dealer.connect(endpoint)
        try dealer.send(Message("let me in"))
        _ = try await events.wait { $0.contains { $0.kind.isHandshakeFailure || $0.kind == .disconnected } }
        #expect(messages.values.isEmpty)
    }

    @Test func aRemovedKeyEntersNoMore() async throws {
        let context = try Context()
        let (server, client) = (try CurveKeyPair(), try CurveKeyPair())
        let decisions = Recorder<Authenticator.Decision>()
        let authenticator = try Authenticator(context: context, users: [:], onDecision: { decisions.record($0) })
        let (router, endpoint) = try self.serve(context, server)
        authenticator.allow(client.publicKey, as: "carol")
        do {
            let dealer = try context.socket(.dealer)
            try dealer.useCurve(client: client, serverKey: server.publicKey)
            try dealer.connect(endpoint)
            try dealer.send(Message("one"))
            let message = try router.socket.receive(within: patience)
            #expect(message.userID == "carol")
        }
        authenticator.remove(client.publicKey)
        let dealer = try context.socket(.dealer)
        try dealer.useCurve(client: client, serverKey: server.publicKey)
        try dealer.connect(endpoint)
        let all = try await decisions.wait(count: 2)
        #expect(all.map(\.userID) == ["carol", nil])
    }

    @Test func aContextHasOneAuthenticator() throws {
        let context = try Context()
        let first = try Authenticator(context: context, users: [:])
        #expect {
            _ = try Authenticator(context: context, users: [:])
        } throws: { ($0 as? ZeroMQError)?.code == .addressInUse }
        withExtendedLifetime(first) {}
    }
}
