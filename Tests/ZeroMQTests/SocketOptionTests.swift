// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import ZeroMQ

struct SocketOptionTests {
    @Test(arguments: Socket.Kind.allCases)
    func everyKindStartsWithSafeDefaults(_ kind: Socket.Kind) throws {
        let context = try Context()
        let socket = try context.socket(kind)
        #expect(try socket.get(.linger) == .zero)
        #expect(try socket.get(.handshakeInterval) == .seconds(5))
        #expect(try socket.get(.maximumMessageSize) == 32 << 20)
        #expect(try socket.get(.reconnectIntervalMaximum) == .seconds(5))
        #expect(try socket.get(.tcpMaximumRetransmit) == .seconds(6))
        #expect(try socket.get(.tcpKeepalive) == 1)
        #expect(try socket.get(.ipv6))
        #expect(try socket.get(.sendHighWaterMark) == 1_000)
        #expect(try socket.get(.receiveHighWaterMark) == 1_000)
        #expect(try !socket.get(.immediate))
        let pause = try #require(try socket.get(.reconnectInterval))
        #expect(pause >= .milliseconds(75) && pause <= .milliseconds(126))
    }

    @Test func socketsDoNotAllReconnectAtOnce() throws {
        let context = try Context()
        var pauses: Set<Duration> = []
        for _ in 0..<40 {
            let socket = try context.socket(.dealer)
            if let pause = try socket.get(.reconnectInterval) { pauses.insert(pause) }
        }
        #expect(pauses.count > 3)
    }

    @Test func optionsReadBackWhatWasSet() throws {
        let context = try Context()
        let socket = try context.socket(.router)
        try socket.set(.linger, to: nil)
        #expect(try socket.get(.linger) == .some(nil))
        try socket.set(.linger, to: .milliseconds(1_500))
        #expect(try socket.get(.linger) == .milliseconds(1_500))
        try socket.set(.routingID, to: Array("name".utf8))
        #expect(try socket.get(.routingID) == Array("name".utf8))
        try socket.set(.sendHighWaterMark, to: 0)
        #expect(try socket.get(.sendHighWaterMark) == 0)
        try socket.set(.immediate, to: true)
        #expect(try socket.get(.immediate))
        try socket.set(.routerMandatory, to: true)
    }

    @Test func refusesValuesOutOfRange() throws {
        let context = try Context()
        let socket = try context.socket(.pub)
        #expect(throws: ZeroMQError.self) { try context.socket(.pub).set(.sendHighWaterMark, to: Int.max) }
        #expect(throws: ZeroMQError.self) { try context.socket(.pub).set(.sendHighWaterMark, to: -2) }
        #expect(throws: ZeroMQError.self) { try context.socket(.dealer).set(.routingID, to: []) }
        try socket.set(.linger, to: .seconds(Int64.max))
        #expect(try socket.get(.linger) == .milliseconds(Int64(Int32.max)))
    }

    @Test func subscriptionsThatLibzmqBreaksAreRefused() throws {
        let context = try Context()
        for length in [246, 250, 255] {
            #expect {
                try context.socket(.sub).subscribe([UInt8](repeating: 65, count: length))
            } throws: { ($0 as? ZeroMQError)?.code == .subscriptionLength }
        }
        for length in [0, 245, 256] {
            try context.socket(.sub).subscribe([UInt8](repeating: 65, count: length))
        }
    }

    @Test(arguments: [0, 1, 245, 256, 1_000])
    func subscriptionsOfOtherLengthsWorkOverTCP(_ length: Int) throws {
        let context = try Context()
        let xpub = try context.socket(.xpub)
        let endpoint = try xpub.bind(Places.next("tcp"))
        let sub = try context.socket(.sub)
        let prefix = [UInt8](repeating: 65, count: length)
        try sub.subscribe(prefix)
        try sub.connect(endpoint)
        let subscription = try xpub.receive(within: patience)
        #expect(subscription.first == [1] + prefix)
        try xpub.send(Message(prefix + [1]))
        let message = try sub.receive(within: patience)
        #expect(message.first == prefix + [1])
    }
}
