// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import CurlHTTP
import Locking
import ServerSentEvents
import Testing

@Suite(.timeLimit(.minutes(3)))
struct EventSourceTests {
    /// Pauses too short to wait for.
    static let quick = ReconnectPolicy(
        firstPause: .milliseconds(1), longestPause: .milliseconds(2), refusedPause: .milliseconds(1),
        longestRefusedPause: .milliseconds(2))

    /// What the elements are, without what differs from run to run.
    static func kinds(_ elements: [EventSourceElement]) -> [String] {
        elements.map { element in
            switch element {
            case .opened: "opened"
            case .event(let event): "\(event.name):\(event.data)"
            case .oversized(let name, _, _, _): "oversized \(name)"
            case .disconnected(let reason, _): "disconnected \(reason.code)"
            case .refused(let status, let message, _): "refused \(status) \(message)"
            case .failed(let error): "failed \(error.code)"
            }
        }
    }

    @Test func eventsArriveAndTheStreamIsOpenedAgainWithTheLastID() async throws {
        try await withServer { connection in
            _ = connection.readRequest()
            connection.openStream(
                "retry: 0\n: hi\nevent: add\nid: 7\u{E9}\ndata: \(connection.number)\n\nid: 8\ndata: cut")
        } _: { server, client async throws in
            let source = client.eventSource(
                .init(url: server.url + "/e?x=y", headers: ["x-api-key": "k"], reconnect: Self.quick))
            let elements = await source.makeAsyncIterator().collect(5)
            #expect(
                Self.kinds(elements) == ["opened", "add:0", "disconnected closed", "opened", "add:1"])
            let requests = server.requests
            #expect(requests[0].headers["accept"] == "text/event-stream")
            #expect(requests[0].headers["cache-control"] == "no-store")
            #expect(requests[0].headers["x-api-key"] == "k")
            #expect(requests[0].headers["last-event-id"] == nil)
            #expect(requests[0].path == "/e?x=y")
            #expect(requests[1].headers["last-event-id"] == "7\u{E9}")
            source.cancel()
        }
    }

    @Test func chunksCutEverywhereAreOneStream() async throws {
        let stream = Array("event: é\r\ndata: a\r\n\r\ndata: 😀\n\n".utf8)
        try await withServer { connection in
            _ = connection.readRequest()
            connection.send(
                "HTTP/1.1 200 OK\r\nContent-Type: Text/Event-Stream;charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"
            )
            for byte in stream {
                connection.send("1\r\n")
                connection.send([byte])
                connection.send("\r\n")
            }
            connection.send("0\r\n\r\n")
        } _: { server, client async throws in
            let source = client.eventSource(.init(url: server.url, reconnect: Self.quick))
            let elements = await source.makeAsyncIterator().collect(4)
            #expect(Self.kinds(elements) == ["opened", "é:a", "message:😀", "disconnected closed"])
            source.cancel()
        }
    }

    @Test(arguments: ["text/html", "text/event-streamx", "application/json; x=text/event-stream", ""])
    func anotherTypeIsNoStream(type: String) async throws {
        try await withServer { connection in
            _ = connection.readRequest()
            connection.openStream("data: a\n\n", contentType: type)
            connection.waitForEnd()
        } _: { server, client async throws in
            let source = client.eventSource(.init(url: server.url, reconnect: Self.quick))
            let elements = await source.makeAsyncIterator().collect(2)
            #expect(Self.kinds(elements) == Array(repeating: "disconnected unexpectedContentType", count: 2))
            source.cancel()
        }
    }

    @Test(arguments: ["text/event-stream", "TEXT/Event-Stream ; charset=utf-8", "text/event-stream;x"])
    func theTypeMayHaveParametersAndAnyCase(type: String) async throws {
        try await withServer { connection in
            _ = connection.readRequest()
            connection.openStream("data: a\n\n", contentType: type)
            connection.waitForEnd()
        } _: { server, client async throws in
            let source = client.eventSource(.init(url: server.url))
            #expect(Self.kinds(await source.makeAsyncIterator().collect(2)) == ["opened", "message:a"])
            source.cancel()
        }
    }

    @Test(arguments: [400, 401, 403, 404, 410])
    func aRefusalIsForAnOperator(status: Int) async throws {
        try await withServer { connection in
            _ = connection.readRequest()
            connection.respond("\(status) No", body: "the key top-secret\u{7}is unknown")
        } _: { server, client async throws in
            let source = client.eventSource(.init(url: server.url, headers: ["x-api-key": "top-secret"]))
            let elements = await source.makeAsyncIterator().collect(1)
            #expect(Self.kinds(elements) == ["refused \(status) the key … is unknown"])
            guard case .refused(_, _, let pause)? = elements.first else { return }
            #expect(pause >= .seconds(15))
            source.cancel()
        }
    }

    @Test(arguments: [408, 429, 500, 502, 503])
    func troubleThatPassesIsTriedAgain(status: Int) async throws {
        try await withServer { connection in
            _ = connection.readRequest()
            if connection.number == 0 {
                connection.respond("\(status) Trouble", body: "later")
            } else {
                connection.openStream("data: a\n\n")
            }
        } _: { server, client async throws in
            let source = client.eventSource(.init(url: server.url, reconnect: Self.quick))
            let elements = await source.makeAsyncIterator().collect(3)
            #expect(Self.kinds(elements) == ["disconnected unexpectedStatus", "opened", "message:a"])
            guard case .disconnected(let error, _)? = elements.first else { return }
            #expect(error.status == status)
            #expect(error.message.hasSuffix("answered \(status): later"))
            source.cancel()
        }
    }

    @Test func aRefusalWithoutEndIsCutShort() async throws {
        let ended = Signal()
        try await withServer { connection in
            _ = connection.readRequest()
            connection.send("HTTP/1.1 401 No\r\n\r\n")
            let piece = [UInt8](repeating: 0x78, count: 4096)
            while connection.send(piece) {}
            ended.set()
        } _: { server, client async throws in
            let source = client.eventSource(.init(url: server.url))
            let elements = await source.makeAsyncIterator().collect(1)
            #expect(Self.kinds(elements) == ["refused 401 " + String(repeating: "x", count: 1000)])
            await ended.wait()
            source.cancel()
        }
    }

    @Test func retryAfterAndRetryAreFloors() async throws {
        try await withServer { connection in
            _ = connection.readRequest()
            if connection.number == 0 {
                connection.openStream("retry: 40\n\n")
            } else {
                connection.respond("503 Later", headers: ["Retry-After: 7"])
            }
        } _: { server, client async throws in
            let source = client.eventSource(.init(url: server.url, reconnect: Self.quick))
            let elements = await source.makeAsyncIterator().collect(3)
            guard elements.count == 3, case .disconnected(_, let first) = elements[1],
                case .disconnected(_, let second) = elements[2]
            else {
                Issue.record("\(elements)")
                return
            }
            #expect(first >= .milliseconds(40) && first < .milliseconds(50))
            #expect(second >= .seconds(7) && second < .seconds(8))
            source.cancel()
        }
    }

    @Test func noContentEndsItForGood() async throws {
        try await withServer { connection in
            _ = connection.readRequest()
            connection.send("HTTP/1.1 204 No Content\r\n\r\n")
        } _: { server, client async throws in
            let source = client.eventSource(.init(url: server.url, reconnect: Self.quick))
            #expect(Self.kinds(await source.makeAsyncIterator().collect(9)) == ["failed noContent"])
            #expect(server.requests.count == 1)
        }
    }

    @Test func anAddressThatIsNoneEndsItForGood() async throws {
        let client = HTTPClient()
        let source = client.eventSource(.init(url: "nowhere"))
        #expect(Self.kinds(await source.makeAsyncIterator().collect(9)) == ["failed invalidRequest"])
        await client.shutdown()
    }

    @Test func redirectsWithinTheOriginAreFollowedAnewEachTime() async throws {
        try await withServer { connection in
            while let request = connection.readRequest() {
                if request.path == "/e" {
                    connection.respond("307 Moved", headers: ["Location: /f"])
                } else {
                    connection.openStream("data: a\n\n")
                    return
                }
            }
        } _: { server, client async throws in
            let source = client.eventSource(.init(url: server.url + "/e", reconnect: Self.quick))
            let elements = await source.makeAsyncIterator().collect(5)
            #expect(Self.kinds(elements) == ["opened", "message:a", "disconnected closed", "opened", "message:a"])
            #expect(server.requests.map(\.path) == ["/e", "/f", "/e", "/f"])
            source.cancel()
        }
    }

    @Test func anOversizedEventIsDroppedAndTheNextOneDelivered() async throws {
        try await withServer { connection in
            _ = connection.readRequest()
            connection.openStream("event: big\ndata: ")
            for _ in 0..<64 { connection.send(String(repeating: "x", count: 65536)) }
            connection.send("\n\ndata: a\n\n")
            connection.waitForEnd()
        } _: { server, client async throws in
            let source = client.eventSource(.init(url: server.url, maximumEventBytes: 1_000_000))
            #expect(
                Self.kinds(await source.makeAsyncIterator().collect(3)) == ["opened", "oversized big", "message:a"])
            source.cancel()
        }
    }

    @Test(arguments: [
        "SSH-2.0-x\r\n", "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 100\r\n\r\ndata",
    ])
    func garbageAndEarlyEndsAreTriedAgain(answer: String) async throws {
        try await withServer { connection in
            _ = connection.readRequest()
            if connection.number == 0 {
                connection.send(answer)
            } else {
                connection.openStream("data: a\n\n")
            }
        } _: { server, client async throws in
            let source = client.eventSource(.init(url: server.url, reconnect: Self.quick))
            let elements = Self.kinds(await source.makeAsyncIterator().collect(4)).filter { $0 != "opened" }
            #expect(
                elements.contains("disconnected malformedResponse") || elements.contains("disconnected connectionLost"))
            #expect(elements.contains("message:a"))
            source.cancel()
        }
    }
}
