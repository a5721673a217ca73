// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking
import Testing
import ZeroMQ

struct SocketLoopShutdownTests {
    actor Owner {
        nonisolated let loop: SocketLoop
        nonisolated var unownedExecutor: UnownedSerialExecutor { self.loop.asUnownedSerialExecutor() }
        private let ended: Recorder<Bool>
        private var count = 0

        init(loop: SocketLoop, ended: Recorder<Bool>) {
            self.loop = loop
            self.ended = ended
        }

        isolated deinit {
            self.ended.record(self.loop.isOnLoop)
        }

        func work() -> Int {
            self.count += 1
            return self.count
        }
    }

    @Test(.timeLimit(.minutes(3))) func actorsWorkUntilTheLastOneHasGone() async throws {
        let ended = Recorder<Bool>()
        weak var weakLoop: SocketLoop?
        do {
            let loop = try SocketLoop(context: Context())
            weakLoop = loop
            let owner = Owner(loop: loop, ended: ended)
            #expect(await owner.work() == 1)
            #expect(await loop.shutdown(within: patience))
            #expect(await owner.work() == 2, "after the sockets have gone")
        }
        #expect(try await ended.wait(count: 1) == [true])
        while weakLoop != nil { await Task.yield() }
    }

    @Test func shutdownIsBoundedWithUnsentMessagesAndPeersLeaving() async throws {
        let context = try Context()
        let loop = try SocketLoop(context: context)
        var options = Socket.Options()
        options.linger = .milliseconds(200)
        let sent = Recorder<SendResult>()
        let push = try context.socket(.push, options: options)
        try push.connect("tcp://127.0.0.1:9")
        let id = try loop.add(push)
        loop.post { for _ in 0..<100 { sent.record(loop.send([UInt8](repeating: 1, count: 1_000), on: id)) } }
        _ = try await sent.wait(count: 100)
        let pull = try context.socket(.pull)
        let endpoint = try pull.bind("tcp://127.0.0.1:*")
        _ = try loop.add(pull, SocketHandlers(onMessages: { _ in }, onEvents: { _ in }))
        do {
            let leaving = try context.socket(.push)
            try leaving.connect(endpoint)
            try leaving.send(Message("bye"), within: patience)
        }
        #expect(await loop.shutdown(within: .seconds(10)))
    }

    @Test func lingeringGoodbyesAreDelivered() async throws {
        let (near, far) = (try Context(), try Context())
        let pull = try far.socket(.pull)
        let endpoint = try pull.bind("tcp://127.0.0.1:*")
        let loop = try SocketLoop(context: near)
        var options = Socket.Options()
        options.linger = .seconds(5)
        let push = try near.socket(.push, options: options)
        try push.connect(endpoint)
        let id = try loop.add(push)
        loop.post { loop.send(Array("goodbye".utf8), on: id) }
        #expect(await loop.shutdown(within: patience))
        #expect(try pull.receive(within: patience).text == "goodbye")
    }

    @Test func theEndOfTheContextClosesTheLoopsSockets() async throws {
        let context = try Context()
        let loop = try SocketLoop(context: context)
        let pull = try context.socket(.pull)
        try pull.bind("tcp://127.0.0.1:*")
        let id = try loop.add(pull, SocketHandlers(onMessages: { _ in }))
        #expect(await context.terminate(within: patience))
        let results = Recorder<SendResult>()
        loop.post { results.record(loop.send([1], on: id)) }
        guard case .failed(let error) = try await results.wait(count: 1)[0] else {
            Issue.record("sent on a closed socket")
            return
        }
        #expect(error.code == .closed)
        #expect(throws: ZeroMQError.self) { _ = try context.socket(.pull) }
    }

    @Test func shutsDownHundredsOfTimesUnderTraffic() async throws {
        for round in 0..<200 {
            let context = try Context()
            let loop = try SocketLoop(context: context)
            let pull = try context.socket(.pull)
            let endpoint = try pull.bind(Places.next(round % 2 == 0 ? "tcp" : "inproc"))
            let arrived = Recorder<Int>()
            _ = try loop.add(
                pull, SocketHandlers(onMessages: { arrived.record($0.count) }, onEvents: { _ in }))
            let push = try context.socket(.push)
            try push.connect(endpoint)
            let id = try loop.add(push) { id in
                SocketHandlers(onWritable: {
                    while loop.send([0, 1, 2, 3], on: id).isSent {}
                    loop.notifyWhenWritable(id)
                })
            }
            loop.notifyWhenWritable(id)
            _ = try await arrived.wait(count: 1)
            #expect(await loop.shutdown(within: patience), "round \(round)")
        }
    }

    @Test func aDroppedLoopEndsByItself() async throws {
        let context = try Context()
        do {
            let loop = try SocketLoop(context: context)
            _ = try loop.add(try context.socket(.pull), SocketHandlers(onMessages: { _ in }))
            _ = await loop.measureLag()
        }
        #expect(await context.terminate(within: patience))
    }
}
