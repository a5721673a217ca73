// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import ZeroMQ

struct SocketPatternTests {
    @Test(arguments: Places.transports)
    func pushReachesPull(_ transport: String) throws {
        let context = try Context()
        let pull = try context.socket(.pull)
        let endpoint = try pull.bind(Places.next(transport))
        let push = try context.socket(.push)
        try push.connect(endpoint)
        for number in 0..<100 { try push.send(Message("\(number)"), within: patience) }
        for number in 0..<100 {
            let message = try pull.receive(within: patience)
            #expect(message.text == "\(number)")
            #expect(message.count == 1)
        }
    }

    @Test(arguments: Places.transports)
    func subscribersGetOnlyTheirPrefixes(_ transport: String) throws {
        let context = try Context()
        let xpub = try context.socket(.xpub)
        let endpoint = try xpub.bind(Places.next(transport))
        let sub = try context.socket(.sub)
        try sub.subscribe("a:")
        try sub.connect(endpoint)
        let subscription = try xpub.receive(within: patience)
        #expect(subscription.first == [1] + Array("a:".utf8))
        try xpub.send(Message("b:no"))
        try xpub.send(Message("a:yes"))
        let first = try sub.receive(within: patience)
        #expect(first.text == "a:yes")
        try sub.unsubscribe("a:")
        let end = try xpub.receive(within: patience)
        #expect(end.first == [0] + Array("a:".utf8))
    }

    @Test func xsubSubscribesToPub() throws {
        let context = try Context()
        let pub = try context.socket(.pub)
        let endpoint = try pub.bind(Places.next("tcp"))
        let xsub = try context.socket(.xsub)
        try xsub.connect(endpoint)
        try xsub.subscribe("x")
        var received: Message?
        // PUB does not say who has subscribed: send until one comes through.
        for _ in 0..<200 where received == nil {
            try pub.send(Message("xyz"))
            received = try? xsub.receive(within: .milliseconds(50))
        }
        #expect(received?.text == "xyz")
    }

    @Test func verboseXPUBSeesEverySubscriber() throws {
        let context = try Context()
        let xpub = try context.socket(.xpub)
        try xpub.set(.xpubVerboser, to: true)
        let endpoint = try xpub.bind(Places.next("tcp"))
        let one = try context.socket(.sub)
        try one.subscribe("t")
        try one.connect(endpoint)
        let two = try context.socket(.sub)
        try two.subscribe("t")
        try two.connect(endpoint)
        for _ in 0..<2 {
            let subscription = try xpub.receive(within: patience)
            #expect(subscription.first == [1] + Array("t".utf8))
        }
    }

    @Test(arguments: Places.transports)
    func requestGetsItsReply(_ transport: String) throws {
        let context = try Context()
        let rep = try context.socket(.rep)
        let endpoint = try rep.bind(Places.next(transport))
        let req = try context.socket(.req)
        try req.connect(endpoint)
        try req.send(Message("question"))
        let question = try rep.receive(within: patience)
        #expect(question.text == "question")
        try rep.send(Message("answer"))
        let answer = try req.receive(within: patience)
        #expect(answer.text == "answer")
    }

    @Test(arguments: Places.transports)
    func routerAnswersTheDealerByItsID(_ transport: String) throws {
        let context = try Context()
        let router = try context.socket(.router)
        let endpoint = try router.bind(Places.next(transport))
        var options = Socket.Options()
        options.routingID = Array("me".utf8)
        let dealer = try context.socket(.dealer, options: options)
        try dealer.connect(endpoint)
        try dealer.send(Message(frames: [[1], [], [3, 3]]))
        let received = try router.receive(within: patience)
        #expect(received.frames == [Array("me".utf8), [1], [], [3, 3]])
        try router.send(Message(frames: [received.first, [9]]))
        let reply = try dealer.receive(within: patience)
        #expect(reply.frames == [[9]])
    }

    @Test(arguments: Places.transports)
    func pairsTalkBothWays(_ transport: String) throws {
        let context = try Context()
        let one = try context.socket(.pair)
        let endpoint = try one.bind(Places.next(transport))
        let other = try context.socket(.pair)
        try other.connect(endpoint)
        try one.send(Message("there"), within: patience)
        let there = try other.receive(within: patience)
        try other.send(Message("back"))
        let back = try one.receive(within: patience)
        #expect(there.text == "there")
        #expect(back.text == "back")
    }

    @Test(arguments: Places.transports)
    func largeMessagesArriveWhole(_ transport: String) throws {
        let context = try Context()
        let pull = try context.socket(.pull)
        let endpoint = try pull.bind(Places.next(transport))
        let push = try context.socket(.push)
        try push.connect(endpoint)
        let large = (0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try push.send(Message(frames: [large, [], [7]]), within: patience)
        let message = try pull.receive(within: patience)
        #expect(message.frames == [large, [], [7]])
        #expect(message.byteCount == 5_000_001)
    }

    @Test func oversizedMessagesCostTheSenderItsConnection() throws {
        let context = try Context()
        var options = Socket.Options()
        options.maximumMessageSize = 1_000
        let pull = try context.socket(.pull, options: options)
        let endpoint = try pull.bind(Places.next("tcp"))
        let push = try context.socket(.push)
        try push.connect(endpoint)
        try push.send(Message([UInt8](repeating: 1, count: 1_001)), within: patience)
        try push.send(Message([UInt8](repeating: 2, count: 1_000)), within: patience)
        // The first is never delivered; the second may go down with the connection.
        let other = try context.socket(.push)
        try other.connect(endpoint)
        try other.send(Message("end"), within: patience)
        while true {
            let message = try pull.receive(within: patience)
            #expect(message.first.first != 1)
            if message.text == "end" { break }
        }
    }

    @Test func framesAreReadWhereTheyAre() throws {
        let context = try Context()
        let pull = try context.socket(.pull)
        let endpoint = try pull.bind(Places.next("inproc"))
        let push = try context.socket(.push)
        try push.connect(endpoint)
        try push.send(try Frame([1, 2, 3]), more: true)
        try push.send(try Frame([UInt8](repeating: 5, count: 100_000)[10...]))
        let small = try pull.receiveFrame()
        let smallMore = small.hasMore
        let sum = small.withBytes { span in
            var sum = 0
            for index in 0..<span.byteCount { sum += Int(span.unsafeLoad(fromByteOffset: index, as: UInt8.self)) }
            return sum
        }
        #expect(smallMore)
        #expect(sum == 6)
        let large = try pull.receiveFrame()
        let (count, more, bytes) = (large.count, large.hasMore, large.bytes())
        #expect(count == 99_990)
        #expect(!more)
        #expect(bytes == [UInt8](repeating: 5, count: 99_990))
    }

    @Test func theDocumentedExample() throws {
        let context = try Context()
        let pull = try context.socket(.pull)
        let endpoint = try pull.bind("tcp://127.0.0.1:*")
        let push = try context.socket(.push)
        try push.connect(endpoint)
        try push.send(Message("hello"))
        let message = try pull.receive(within: .seconds(1))
        #expect(message.text == "hello")
    }
}
