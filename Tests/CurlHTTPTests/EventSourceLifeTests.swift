// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import CurlHTTP
import Glibc
import Locking
import ServerSentEvents
import Testing

@Suite(.timeLimit(.minutes(3)))
struct EventSourceLifeTests {
    @Test func aSilentStreamIsOpenedAgain() async throws {
        try await withServer { connection in
            _ = connection.readRequest()
            connection.openStream("data: \(connection.number)\n\n")
            connection.waitForEnd()
        } _: { server, client async throws in
            let source = client.eventSource(
                .init(url: server.url, idleLimit: .milliseconds(50), reconnect: EventSourceTests.quick))
            let elements = await source.makeAsyncIterator().collect(5)
            #expect(
                EventSourceTests.kinds(elements)
                    == ["opened", "message:0", "disconnected silent", "opened", "message:1"])
            source.cancel()
        }
    }

    @Test func commentsAreSignsOfLife() async throws {
        try await withServer { connection in
            _ = connection.readRequest()
            connection.openStream()
            // Drips for longer than the limit, each drop well within it.
            for _ in 0..<20 {
                guard connection.staysQuiet(milliseconds: 50) else { return }
                connection.send(":\n")
            }
            connection.send("data: a\n\n")
            connection.waitForEnd()
        } _: { server, client async throws in
            let source = client.eventSource(.init(url: server.url, idleLimit: .milliseconds(700)))
            #expect(EventSourceTests.kinds(await source.makeAsyncIterator().collect(2)) == ["opened", "message:a"])
            source.cancel()
        }
    }

    @Test func aServerThatNeverAnswersIsGivenUp() async throws {
        try await withServer(configuration: .init(connectTimeout: .milliseconds(50))) { connection in
            _ = connection.readRequest()
            connection.waitForEnd()
        } _: { server, client async throws in
            let source = client.eventSource(
                .init(url: server.url, responseTimeout: .milliseconds(50), reconnect: EventSourceTests.quick))
            #expect(EventSourceTests.kinds(await source.makeAsyncIterator().collect(1)) == ["disconnected timedOut"])
            source.cancel()
        }
    }

    @Test func aSlowReaderHoldsTheServerBackAndTheWatchdogWaits() async throws {
        let total = Locked(0)
        let stuck = Signal()
        let piece = "data: " + String(repeating: "x", count: 1000) + "\n\n"
        try await withServer { connection in
            _ = connection.readRequest()
            connection.openStream()
            // Until TCP takes no more: then the reader holds the server back.
            while connection.sendWithoutBlocking(piece) { total.withLock { $0 += 1 } }
            stuck.set()
            connection.send("\n\ndata: end\n\n")
            connection.waitForEnd()
        } _: { server, client async throws in
            let source = client.eventSource(
                .init(url: server.url, idleLimit: .milliseconds(200), bufferBytes: 10_000, maximumEventBytes: 100_000))
            var iterator = source.makeAsyncIterator()
            #expect(await iterator.next() == .opened)
            await stuck.wait()
            // More time passes than the silence that the stream is allowed.
            try await self.outlast(.milliseconds(400), on: client)
            var count = 0
            while let element = await iterator.next() {
                guard case .event(let event) = element else {
                    Issue.record("\(element)")
                    break
                }
                if event.data.hasSuffix("end") { break }
                count += 1
            }
            #expect(count >= total.withLock { $0 } - 1)
            #expect(server.requests.count == 1)
            source.cancel()
        }
    }

    /// Returns when a request with that time limit has run out of time.
    private func outlast(_ duration: Duration, on client: HTTPClient) async throws {
        let silent = try TestServer { connection in connection.waitForEnd() }
        let error = await failure(of: HTTPRequest(url: silent.url, timeout: duration), on: client)
        #expect(error.code == .timedOut)
        await silent.stop()
    }

    @Test func confirmingStartsThePausesOver() async throws {
        try await withServer { connection in
            _ = connection.readRequest()
            connection.openStream()
        } _: { server, client async throws in
            let policy = ReconnectPolicy(firstPause: .milliseconds(1), growth: 4, longestPause: .seconds(9), jitter: 0)
            let source = client.eventSource(.init(url: server.url, reconnect: policy))
            var pauses: [Duration] = []
            for await element in source {
                guard case .disconnected(_, let pause) = element else { continue }
                pauses.append(pause)
                if pauses.count == 3 { source.confirm() }
                if pauses.count == 5 { break }
            }
            #expect(pauses == [1, 4, 16, 1, 4].map { .milliseconds($0) })
            source.cancel()
        }
    }

    @Test func reconnectOpensANewConnectionAndLosesNothing() async throws {
        let sent = Signal()
        try await withServer { connection in
            _ = connection.readRequest()
            connection.openStream("data: \(connection.number)\n\n")
            sent.set()
            connection.waitForEnd()
        } _: { server, client async throws in
            let source = client.eventSource(.init(url: server.url))
            let iterator = source.makeAsyncIterator()
            var elements = await iterator.collect(2)
            source.reconnect()
            elements += await iterator.collect(3)
            #expect(
                EventSourceTests.kinds(elements)
                    == ["opened", "message:0", "disconnected reconnectRequested", "opened", "message:1"])
            source.cancel()
        }
    }

    @Test func reconnectCutsAPauseShort() async throws {
        try await withServer { connection in
            _ = connection.readRequest()
            if connection.number == 0 {
                connection.respond("401 No", body: "no")
            } else {
                connection.openStream("data: a\n\n")
                connection.waitForEnd()
            }
        } _: { server, client async throws in
            let source = client.eventSource(.init(url: server.url))
            let iterator = source.makeAsyncIterator()
            #expect(EventSourceTests.kinds(await iterator.collect(1)) == ["refused 401 no"])
            async let rest = iterator.collect(2)
            source.reconnect()
            #expect(EventSourceTests.kinds(await rest) == ["opened", "message:a"])
            source.cancel()
        }
    }

    @Test(arguments: [0, 1, 2])
    func cancellingEndsItAtOnceInAnyState(state: Int) async throws {
        let asked = Signal()
        let ended = Signal()
        try await withServer { connection in
            _ = connection.readRequest()
            asked.set()
            if state == 1 { connection.openStream("data: a\n\n") }
            if state == 2 { connection.respond("401 No") }
            connection.waitForEnd()
            ended.set()
        } _: { server, client async throws in
            let source = client.eventSource(.init(url: server.url))
            let first = Signal()
            let task = Task {
                for await _ in source { first.set() }
            }
            await asked.wait()
            if state > 0 { await first.wait() }
            source.cancel()
            await task.value
            if state < 2 { await ended.wait() }
            #expect(await source.makeAsyncIterator().collect(1) == [])
        }
    }

    @Test(arguments: [0, 1, 2])
    func cancellingTheTaskEndsItAtOnceInAnyState(state: Int) async throws {
        let asked = Signal()
        try await withServer { connection in
            _ = connection.readRequest()
            asked.set()
            if state == 1 { connection.openStream("data: a\n\n") }
            if state == 2 { connection.respond("401 No") }
            connection.waitForEnd()
        } _: { server, client async throws in
            let source = client.eventSource(.init(url: server.url))
            let first = Signal()
            let task = Task {
                for await _ in source { first.set() }
            }
            await asked.wait()
            if state > 0 { await first.wait() }
            task.cancel()
            await task.value
        }
    }

    @Test func aSecondReaderAtTheSameTimeGetsNothing() async throws {
        let asked = Signal()
        try await withServer { connection in
            _ = connection.readRequest()
            asked.set()
            connection.waitForEnd()
        } _: { server, client async throws in
            let source = client.eventSource(.init(url: server.url))
            async let first = source.makeAsyncIterator().collect(1)
            await asked.wait()
            #expect(await source.makeAsyncIterator().collect(1) == [])
            source.cancel()
            #expect(await first == [])
        }
    }

    @Test func lettingTheSourceGoDisconnects() async throws {
        let ended = Signal()
        try await withServer { connection in
            _ = connection.readRequest()
            connection.openStream("data: a\n\n")
            connection.waitForEnd()
            ended.set()
        } _: { server, client async throws in
            for await element in client.eventSource(.init(url: server.url)) where element != .opened { break }
            await ended.wait()
        }
    }

    @Test func shutdownFailsTheStream() async throws {
        try await withServer { connection in
            _ = connection.readRequest()
            connection.openStream("data: a\n\n")
            connection.waitForEnd()
        } _: { server, client async throws in
            let source = client.eventSource(.init(url: server.url))
            let iterator = source.makeAsyncIterator()
            #expect(EventSourceTests.kinds(await iterator.collect(2)) == ["opened", "message:a"])
            await client.shutdown(within: .seconds(30))
            #expect(EventSourceTests.kinds(await iterator.collect(9)) == ["failed shutDown"])
        }
    }

    /// In a process of its own, because other tests open descriptors too.
    @Test func aThousandReconnectsLeakNoDescriptors() async throws {
        await #expect(processExitsWith: .success) {
            try await withServer { connection in
                _ = connection.readRequest()
                connection.openStream("data: a\n\n")
                if connection.number % 3 == 0 { connection.reset() }
            } _: { server, client async throws in
                let source = client.eventSource(
                    .init(url: server.url, reconnect: .init(firstPause: .zero, longestPause: .zero)))
                var before = 0
                var disconnects = 0
                for await element in source {
                    guard case .disconnected = element else { continue }
                    disconnects += 1
                    if disconnects == 20 { before = openDescriptors() }
                    if disconnects == 1020 { break }
                }
                #expect(disconnects == 1020)
                #expect(openDescriptors() <= before + 8)
                source.cancel()
            }
        }
    }
}

/// How many descriptors this process has open.
private func openDescriptors() -> Int {
    (0..<Int32(4096)).count { fcntl($0, F_GETFD) >= 0 }
}
