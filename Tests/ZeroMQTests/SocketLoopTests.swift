// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking
import Synchronization
import Testing
import ZeroMQ

struct SocketLoopTests {
    actor Counter {
        nonisolated let loop: SocketLoop
        nonisolated var unownedExecutor: UnownedSerialExecutor { self.loop.asUnownedSerialExecutor() }
        private(set) var messages: [Message] = []
        private(set) var count = 0

        init(loop: SocketLoop) { self.loop = loop }

        func increment() { self.count += 1 }

        func isOnLoop() -> Bool { self.loop.isOnLoop }

        func receive(_ batch: [Message]) { self.messages += batch }
    }

    @Test func actorsRunOnTheLoop() async throws {
        let loop = try SocketLoop(context: Context())
        let counter = Counter(loop: loop)
        #expect(await counter.isOnLoop())
        #expect(!loop.isOnLoop)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask { for _ in 0..<500 { await counter.increment() } }
            }
        }
        #expect(await counter.count == 4_000)
        await loop.shutdown(within: patience)
    }

    @Test(arguments: Places.transports)
    func handlersReachTheActorsState(_ transport: String) async throws {
        let context = try Context()
        let loop = try SocketLoop(context: context)
        let counter = Counter(loop: loop)
        let arrived = Recorder<Int>()
        let pull = try context.socket(.pull)
        let endpoint = try pull.bind(Places.next(transport))
        _ = try loop.add(
            pull,
            SocketHandlers(onMessages: { batch in
                counter.assumeIsolated { $0.receive(batch) }
                arrived.record(batch.count)
            }))
        let push = try context.socket(.push)
        try push.connect(endpoint)
        for number in 0..<1_000 { try push.send(Message(frames: [[1], Array("\(number)".utf8)]), within: patience) }
        let counts = try await arrived.wait { $0.reduce(0, +) >= 1_000 }
        #expect(counts.allSatisfy { $0 <= 256 })
        let messages = await counter.messages
        #expect(messages.map { String(decoding: $0.last, as: UTF8.self) } == (0..<1_000).map(String.init))
        #expect(loop.statistics.missedEdges == 0)
        _ = consume push
        #expect(await loop.shutdown(within: patience))
    }

    @Test func postsFromManyThreadsAllRunInOrder() async throws {
        let loop = try SocketLoop(context: Context())
        let seen = Locked<[[Int]]>([[Int]](repeating: [], count: 8))
        let done = Recorder<Int>()
        await withTaskGroup(of: Void.self) { group in
            for thread in 0..<8 {
                group.addTask {
                    for number in 0..<2_000 {
                        loop.post { seen.withLock { $0[thread].append(number) } }
                    }
                    loop.post { done.record(thread) }
                }
            }
        }
        _ = try await done.wait(count: 8)
        #expect(seen.withLock { $0 } == [[Int]](repeating: [Int](0..<2_000), count: 8))
    }

    @Test func signalsRunOnceForManyRequestsAndLoseNone() async throws {
        let loop = try SocketLoop(context: Context())
        let queue = Locked<[Int]>([])
        let drained = Recorder<Int>()
        let runs = Atomic<Int>(0)
        let signal = loop.makeSignal {
            runs.wrappingAdd(1, ordering: .relaxed)
            drained.record(
                queue.withLock { queue in
                    defer { queue = [] }
                    return queue
                })
        }
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for number in 0..<2_000 {
                        queue.withLock { $0.append(number) }
                        signal.raise()
                    }
                }
            }
        }
        #expect(try await drained.wait(count: 16_000).count == 16_000)
        #expect(runs.load(ordering: .relaxed) <= 16_000)
    }

    @Test func timersFireInOrderAndCancelledOnesDoNot() async throws {
        let loop = try SocketLoop(context: Context())
        let fired = Recorder<Int>()
        for number in (0..<20).reversed() {
            loop.schedule(after: .milliseconds(number * 5)) { fired.record(number) }
        }
        let cancelled = loop.schedule(after: .milliseconds(30)) { fired.record(-1) }
        loop.cancel(cancelled)
        loop.schedule(after: .milliseconds(100)) { fired.record(99) }
        let started = ContinuousClock.now
        #expect(try await fired.wait(count: 21) == [Int](0..<20) + [99])
        #expect(ContinuousClock.now - started >= .milliseconds(95))
        #expect(await loop.measureLag() < .seconds(10))
    }

    @Test func manyCancelledTimersLeaveNothingBehind() async throws {
        let loop = try SocketLoop(context: Context())
        let fired = Recorder<Int>()
        for _ in 0..<10_000 {
            loop.cancel(loop.schedule(after: .seconds(3_600)) { fired.record(-1) })
        }
        loop.schedule(after: .milliseconds(1)) { fired.record(1) }
        #expect(try await fired.wait(count: 1) == [1])
    }

    @Test func pausedSocketsHoldTheirSendersBack() async throws {
        let context = try Context()
        let loop = try SocketLoop(context: context)
        let received = Recorder<Message>()
        var options = Socket.Options()
        options.receiveHighWaterMark = 10
        options.sendHighWaterMark = 10
        let pull = try context.socket(.pull, options: options)
        let endpoint = try pull.bind(Places.next("inproc"))
        let id = try loop.add(pull, SocketHandlers(onMessages: { received.record($0) }))
        loop.pause(id)
        _ = await loop.measureLag()
        let push = try context.socket(.push, options: options)
        try push.connect(endpoint)
        var sent = 0
        while try push.trySend(Message("\(sent)")) { sent += 1 }
        #expect(sent >= 10 && sent <= 40)
        #expect(received.values.isEmpty)
        loop.resume(id)
        #expect(try await received.wait(count: sent).map(\.text) == (0..<sent).map(String.init))
        try push.send(Message("more"), within: patience)
        #expect(try await received.wait(count: sent + 1).last?.text == "more")
        #expect(loop.statistics.missedEdges == 0)
    }

    @Test func pushAndPullOnOneLoopPassTheHighWaterMark() async throws {
        let context = try Context()
        let loop = try SocketLoop(context: context)
        let received = Recorder<Int>()
        let pull = try context.socket(.pull)
        let endpoint = try pull.bind(Places.next("inproc"))
        _ = try loop.add(pull, SocketHandlers(onMessages: { received.record($0.count) }))
        let push = try context.socket(.push)
        try push.connect(endpoint)
        let total = 20_000
        let left = Locked(total)
        let sender = Locked<SocketID?>(nil)
        let pump: @Sendable () -> Void = {
            guard let id = sender.withLock({ $0 }) else { return }
            while left.withLock({ $0 }) > 0 {
                guard loop.send([1, 2, 3], on: id).isSent else { return loop.notifyWhenWritable(id) }
                left.withLock { $0 -= 1 }
            }
        }
        let id = try loop.add(push, SocketHandlers(onWritable: pump))
        sender.withLock { [id] in $0 = id }
        loop.post(pump)
        let counts = try await received.wait { $0.reduce(0, +) >= total }
        #expect(counts.reduce(0, +) == total)
        _ = await loop.measureLag()
        #expect(loop.statistics.refused > 0)
        #expect(loop.statistics.missedEdges == 0)
    }

    @Test func publisherThatDropsNothingPassesItsHighWaterMarkWithoutSpinning() async throws {
        let context = try Context()
        let loop = try SocketLoop(context: context)
        let received = Recorder<Int>()
        let subscribed = Recorder<Int>()
        var options = Socket.Options()
        options.sendHighWaterMark = 4
        options.receiveHighWaterMark = 4
        let publisher = try context.socket(.xpub, options: options)
        try publisher.set(.xpubNoDrop, to: true)
        let endpoint = try publisher.bind(Places.next("inproc"))
        let subscriber = try context.socket(.sub, options: options)
        try subscriber.connect(endpoint)
        try subscriber.subscribe([])
        let total = 200
        let left = Locked(total)
        let sender = Locked<SocketID?>(nil)
        let pump: @Sendable () -> Void = {
            guard let id = sender.withLock({ $0 }) else { return }
            while left.withLock({ $0 }) > 0 {
                guard loop.send([1, 2, 3], on: id).isSent else { return loop.notifyWhenWritable(id) }
                left.withLock { $0 -= 1 }
            }
        }
        let id = try loop.add(
            publisher, SocketHandlers(onMessages: { subscribed.record($0.count) }, onWritable: pump))
        let reader = try loop.add(subscriber, SocketHandlers(onMessages: { received.record($0.count) }))
        sender.withLock { [id] in $0 = id }
        _ = try await subscribed.wait(count: 1)
        loop.pause(reader)
        let start = ContinuousClock.now
        loop.post(pump)
        // While nobody reads, it is tried about once a millisecond and not as often as the processor can.
        let timer = Recorder<Int>()
        loop.schedule(after: .milliseconds(200)) { timer.record(1) }
        _ = try await timer.wait(count: 1)
        _ = await loop.measureLag()
        let milliseconds = Int((ContinuousClock.now - start) / .milliseconds(1))
        #expect((1...milliseconds + 50).contains(Int(loop.statistics.refused)))
        loop.resume(reader)
        let counts = try await received.wait { $0.reduce(0, +) >= total }
        #expect(counts.reduce(0, +) == total)
        await loop.shutdown(within: .seconds(5))
    }

    @Test func aHundredSocketsOnOneLoop() async throws {
        let context = try Context()
        let loop = try SocketLoop(context: context)
        let received = Recorder<Message>()
        var endpoints: [Endpoint] = []
        for _ in 0..<100 {
            let pull = try context.socket(.pull)
            endpoints.append(try pull.bind("tcp://127.0.0.1:*"))
            _ = try loop.add(pull, SocketHandlers(onMessages: { received.record($0) }))
        }
        let push = try context.socket(.push)
        for endpoint in endpoints { try push.connect(endpoint) }
        for number in 0..<10_000 { try push.send(Message("\(number)"), within: patience) }
        let messages = try await received.wait(count: 10_000)
        #expect(Set(messages.map(\.text)).count == 10_000)
        #expect(loop.statistics.missedEdges == 0)
        _ = await loop.measureLag()
        #expect(loop.statistics.sockets == 100)
    }

    @Test func aBusySocketLeavesOthersTheirTurn() async throws {
        let context = try Context()
        var configuration = SocketLoop.Configuration()
        configuration.messageBudget = 10
        let loop = try SocketLoop(context: context, configuration: configuration)
        let order = Recorder<String>()
        let pushes = [SocketBox(try context.socket(.push)), SocketBox(try context.socket(.push))]
        var ids: [SocketID] = []
        for (name, push) in zip(["a", "b"], pushes) {
            let pull = try context.socket(.pull)
            let endpoint = try pull.bind(Places.next("inproc"))
            let id = try loop.add(
                pull, SocketHandlers(onMessages: { order.record([String](repeating: name, count: $0.count)) }))
            loop.pause(id)
            ids.append(id)
            _ = await loop.measureLag()  // paused before anything is sent
            try push.socket.connect(endpoint)
            for _ in 0..<200 { try push.socket.send(Message("x"), within: patience) }
        }
        let both = ids
        loop.post { for id in both { loop.resume(id) } }
        let all = try await order.wait(count: 400)
        // Ten of the one, ten of the other, until both are empty.
        #expect(all.prefix(40).filter { $0 == "a" }.count == 20)
        #expect(all.filter { $0 == "a" }.count == 200)
        withExtendedLifetime(pushes) {}
    }

    @Test func subscriptionsWorkByID() async throws {
        let context = try Context()
        let loop = try SocketLoop(context: context)
        let (subscriptions, received) = (Recorder<Message>(), Recorder<Message>())
        let xpub = try context.socket(.xpub)
        let endpoint = try xpub.bind(Places.next("tcp"))
        let publisher = try loop.add(xpub, SocketHandlers(onMessages: { subscriptions.record($0) }))
        let subscriber = try loop.add(
            try context.socket(.sub), SocketHandlers(onMessages: { received.record($0) }))
        loop.post {
            try? loop.connect(subscriber, to: endpoint)
            try? loop.subscribe(subscriber, to: [7])
        }
        #expect(try await subscriptions.wait(count: 1)[0].first == [1, 7])
        loop.post { loop.send([7, 8], on: publisher) }
        #expect(try await received.wait(count: 1)[0].first == [7, 8])
        loop.post { try? loop.unsubscribe(subscriber, from: [7]) }
        #expect(try await subscriptions.wait(count: 2)[1].first == [0, 7])
        loop.post { try? loop.disconnect(subscriber, from: endpoint) }
        #expect(await loop.shutdown(within: patience))
    }

    @Test func routersOnTheLoopAnswerBySender() async throws {
        let context = try Context()
        let loop = try SocketLoop(context: context)
        let router = try context.socket(.router)
        try router.set(.routerMandatory, to: true)
        let endpoint = try router.bind("tcp://127.0.0.1:*")
        let results = Recorder<SendResult>()
        let id = try loop.add(router) { id in
            SocketHandlers(onMessages: { batch in
                for message in batch {
                    results.record(loop.send(Message(frames: [message.first, message.last]), on: id))
                }
            })
        }
        let dealer = try context.socket(.dealer)
        try dealer.connect(endpoint)
        try dealer.send(Message("echo"))
        #expect(try dealer.receive(within: patience).text == "echo")
        loop.post { results.record(loop.send(Message(frames: [[9, 9], [1]]), on: id)) }
        let all = try await results.wait(count: 2)
        #expect(all[0] == .sent)
        guard case .failed(let error) = all[1] else { throw self.unexpected(all[1]) }
        #expect(error.code == .unreachable)
        loop.close(id)
        loop.post { results.record(loop.send([1], on: id)) }
        guard case .failed(let closed) = try await results.wait(count: 3)[2] else { throw self.unexpected(all[1]) }
        #expect(closed.code == .closed)
    }

    private func unexpected(_ result: SendResult) -> ZeroMQError { ZeroMQError(.other, "unexpected \(result)") }

    @Test func monitorsSeeConnectionsComeAndGo() async throws {
        let context = try Context()
        let loop = try SocketLoop(context: context)
        let (server, client) = (Recorder<MonitorEvent>(), Recorder<MonitorEvent>())
        let router = try context.socket(.router)
        let routerID = try loop.add(router, SocketHandlers(onEvents: { server.record($0) }))
        let bound = Recorder<Endpoint>()
        loop.post {
            if let endpoint = try? loop.bind(routerID, to: Endpoint("tcp://127.0.0.1:*")) { bound.record(endpoint) }
        }
        let endpoint = try await bound.wait(count: 1)[0]
        let dealer = try context.socket(.dealer)
        try dealer.connect(endpoint)
        let dealerID = try loop.add(dealer, SocketHandlers(onEvents: { client.record($0) }))
        _ = try await server.wait { events in
            Set(events.map(\.kind)).isSuperset(of: [.listening, .accepted, .handshakeSucceeded])
        }
        loop.close(routerID)
        _ = try await client.wait { $0.contains { $0.kind == .disconnected && $0.endpoint == endpoint.description } }
        loop.close(dealerID)
        #expect(await loop.shutdown(within: patience))
    }

    @Test func aMonitorSeesItsPeerLeave() async throws {
        let context = try Context()
        let loop = try SocketLoop(context: context)
        let events = Recorder<MonitorEvent>()
        let pull = try context.socket(.pull)
        let endpoint = try pull.bind("tcp://127.0.0.1:*")
        _ = try loop.add(pull, SocketHandlers(onMessages: { _ in }, onEvents: { events.record($0) }))
        do {
            let push = try context.socket(.push)
            try push.connect(endpoint)
            _ = try await events.wait { $0.contains { $0.kind == .handshakeSucceeded } }
        }
        _ = try await events.wait { $0.contains { $0.kind == .disconnected } }
    }
}
