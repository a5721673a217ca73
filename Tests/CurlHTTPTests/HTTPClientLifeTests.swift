// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import CurlHTTP
import Locking
import Testing

@Suite(.timeLimit(.minutes(3)))
struct HTTPClientLifeTests {
    @Test func cancellingTheTaskBreaksTheTransferOff() async throws {
        let asked = Signal()
        let ended = Signal()
        try await withServer { connection in
            _ = connection.readRequest()
            asked.set()
            connection.waitForEnd()
            ended.set()
        } _: { server, client async throws in
            let url = server.url
            let task = Task { await failure(of: HTTPRequest(url: url), on: client) }
            await asked.wait()
            task.cancel()
            #expect(await task.value.code == .cancelled)
            await ended.wait()
        }
    }

    @Test func aTaskThatIsCancelledAlreadySendsNothing() async throws {
        try await withServer { connection in
            while connection.readRequest() != nil { connection.respond("200 OK") }
        } _: { server, client async throws in
            let url = server.url
            let go = Signal()
            let task = Task {
                await go.wait()
                return await failure(of: HTTPRequest(url: url), on: client)
            }
            task.cancel()
            go.set()
            #expect(await task.value.code == .cancelled)
            #expect(server.requests.isEmpty)
        }
    }

    @Test func cancellingInAnyOrderLeavesNothingHanging() async throws {
        try await withServer { connection in
            while connection.readRequest() != nil { connection.respond("200 OK") }
        } _: { server, client async throws in
            let url = server.url
            await withTaskGroup(of: Void.self) { group in
                for index in 0..<300 {
                    let task = Task { try? await client.send(HTTPRequest(url: url)) }
                    group.addTask { _ = await task.value }
                    if index % 2 == 0 { task.cancel() }
                }
            }
            #expect(try await client.send(HTTPRequest(url: url)).status == 200)
        }
    }

    @Test func shutdownFailsWhatIsPendingAndWhatComesAfter() async throws {
        let asked = Signal()
        try await withServer { connection in
            _ = connection.readRequest()
            asked.set()
            connection.waitForEnd()
        } _: { server, client async throws in
            let url = server.url
            let task = Task { await failure(of: HTTPRequest(url: url), on: client) }
            await asked.wait()
            await client.shutdown()
            #expect(await task.value.code == .shutDown)
            #expect(await failure(of: HTTPRequest(url: url), on: client).code == .shutDown)
            await client.shutdown()
        }
    }

    @Test func shutdownLetsARunningRequestEndWithinTheGrace() async throws {
        let asked = Signal()
        let answer = Signal()
        try await withServer { connection in
            _ = connection.readRequest()
            asked.set()
            answer.block()
            connection.respond("200 OK")
        } _: { server, client async throws in
            let url = server.url
            async let response = client.send(HTTPRequest(url: url))
            await asked.wait()
            async let end: Void = client.shutdown(within: .seconds(30))
            answer.set()
            #expect(try await response.status == 200)
            await end
        }
    }

    @Test func aClientThatIsLetGoFailsWhatIsPending() async throws {
        let asked = Signal()
        let server = try TestServer { connection in
            _ = connection.readRequest()
            asked.set()
            connection.waitForEnd()
        }
        let source = HTTPClient().eventSource(.init(url: server.url))
        // The source holds its client: it connects although nobody else does.
        let task = Task { await source.makeAsyncIterator().collect(1) }
        await asked.wait()
        source.cancel()
        #expect(await task.value == [])
        await server.stop()
    }
}

extension EventSource.Iterator {
    /// The next elements, fewer if the sequence ends.
    func collect(_ count: Int) async -> [EventSourceElement] {
        var iterator = self
        var elements: [EventSourceElement] = []
        while elements.count < count, let element = await iterator.next() {
            elements.append(element)
        }
        return elements
    }
}
