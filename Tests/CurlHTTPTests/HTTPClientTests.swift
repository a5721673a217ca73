// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import CurlHTTP
import Locking
import Testing

@Suite(.timeLimit(.minutes(3)))
struct HTTPClientTests {
    @Test func aRequestArrivesWholeAndSoDoesItsAnswer() async throws {
        try await withServer { connection in
            while connection.readRequest() != nil {
                connection.respond("201 Created", headers: ["X-One: 1", "x-two:  2 "], body: "hello")
            }
        } _: { server, client async throws in
            let body = Array(repeating: UInt8(0x41), count: 2_000_000)
            let response = try await client.send(
                HTTPRequest(
                    method: "POST", url: server.url + "/a/b?c=d#e",
                    headers: ["x-api-key": "secret", "Content-Type": "application/json", "X-Empty": ""], body: body))
            #expect(response.status == 201)
            #expect(response.header("X-TWO") == "2")
            #expect(String(decoding: response.body, as: UTF8.self) == "hello")
            let request = try #require(server.requests.first)
            #expect(request.method == "POST")
            #expect(request.path == "/a/b?c=d")
            #expect(request.headers["x-api-key"] == "secret")
            #expect(request.headers["x-empty"] == "")
            #expect(request.headers["content-type"] == "application/json")
            #expect(request.headers["expect"] == nil)
            #expect(request.body == body)
        }
    }

    @Test(arguments: ["GET", "POST", "PUT", "PATCH", "DELETE"])
    func methodsAreSentAsTheyAreNamed(method: String) async throws {
        try await withServer { connection in
            while connection.readRequest() != nil { connection.respond("200 OK") }
        } _: { server, client async throws in
            for body: [UInt8]? in [nil, [], [1, 2]] {
                _ = try await client.send(HTTPRequest(method: method, url: server.url, body: body))
            }
            #expect(server.requests.map(\.method) == [method, method, method])
            #expect(server.requests.map(\.body) == [[], [], [1, 2]])
            #expect(server.requests.allSatisfy { $0.headers["content-type"] == nil })
        }
    }

    @Test func headHasNoBodyToWaitFor() async throws {
        try await withServer { connection in
            while connection.readRequest() != nil { connection.send("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n") }
        } _: { server, client async throws in
            let response = try await client.send(HTTPRequest(method: "HEAD", url: server.url))
            #expect(response.body.isEmpty)
        }
    }

    @Test(arguments: [204, 301, 404, 500, 503])
    func everyStatusIsAnAnswer(status: Int) async throws {
        try await withServer { connection in
            while connection.readRequest() != nil {
                connection.send("HTTP/1.1 \(status) X\r\nContent-Length: 0\r\n\r\n")
            }
        } _: { server, client async throws in
            #expect(try await client.send(HTTPRequest(url: server.url)).status == status)
        }
    }

    @Test func connectionsAreUsedAgain() async throws {
        try await withServer { connection in
            while connection.readRequest() != nil { connection.respond("200 OK", body: "x") }
        } _: { server, client async throws in
            for _ in 0..<50 {
                _ = try await client.send(HTTPRequest(method: "POST", url: server.url, body: [1]))
            }
            #expect(server.requests.count == 50)
            #expect(server.connectionCount == 1)
        }
    }

    @Test func aKeptConnectionThatTheServerClosedIsReplaced() async throws {
        try await withServer { connection in
            if connection.readRequest() != nil { connection.respond("200 OK", body: "\(connection.number)") }
        } _: { server, client async throws in
            for _ in 0..<10 {
                #expect(try await client.send(HTTPRequest(url: server.url)).status == 200)
            }
            #expect(server.connectionCount >= 10)
        }
    }

    @Test func manyRequestsAtOnceStayWithinTheConnectionsAllowed() async throws {
        try await withServer(configuration: .init(maximumConnections: 4)) { connection in
            while connection.readRequest() != nil { connection.respond("200 OK", body: "x") }
        } _: { server, client async throws in
            await withTaskGroup(of: Int?.self) { group in
                for _ in 0..<200 {
                    group.addTask { try? await client.send(HTTPRequest(url: server.url)).status }
                }
                for await status in group {
                    #expect(status == 200)
                }
            }
            #expect(server.connectionCount <= 4)
        }
    }

    @Test func theWholeAnswerHasATimeLimit() async throws {
        try await withServer { connection in
            _ = connection.readRequest()
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
            connection.waitForEnd()
        } _: { server, client async throws in
            let error = await failure(of: HTTPRequest(url: server.url, timeout: .milliseconds(200)), on: client)
            #expect(error.code == .timedOut)
        }
    }

    @Test func anAnswerLargerThanItsLimitIsRefused() async throws {
        let ended = Signal()
        try await withServer { connection in
            _ = connection.readRequest()
            connection.send("HTTP/1.1 200 OK\r\n\r\n")
            let piece = [UInt8](repeating: 0x78, count: 65536)
            while connection.send(piece) {}
            ended.set()
        } _: { server, client async throws in
            let request = HTTPRequest(url: server.url, maximumResponseBytes: 1_000_000)
            let error = await failure(of: request, on: client)
            #expect(error.code == .responseTooLarge)
            #expect(error.message.contains("1000000"))
            await ended.wait()
        }
    }

    @Test func anAnswerOfExactlyItsLimitIsTaken() async throws {
        try await withServer { connection in
            _ = connection.readRequest()
            connection.respond("200 OK", body: String(repeating: "x", count: 1000))
        } _: { server, client async throws in
            let response = try await client.send(HTTPRequest(url: server.url, maximumResponseBytes: 1000))
            #expect(response.body.count == 1000)
        }
    }

    @Test(arguments: [1, 1000])
    func aHeadLargerThanItsLimitIsRefused(lines: Int) async throws {
        try await withServer(configuration: .init(maximumHeaderBytes: 8192)) { connection in
            _ = connection.readRequest()
            let line = "X-Long: " + String(repeating: "y", count: 20_000 / lines) + "\r\n"
            connection.send("HTTP/1.1 200 OK\r\n" + String(repeating: line, count: lines) + "Content-Length: 0\r\n\r\n")
            connection.waitForEnd()
        } _: { server, client async throws in
            #expect(await failure(of: HTTPRequest(url: server.url), on: client).code == .responseTooLarge)
        }
    }

    @Test func chunksCutAnywhereAreOneBody() async throws {
        let answer = Array(
            "HTTP/1.1 103 Early Hints\r\nX: no\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;x=y\r\n \r\n5\r\nworld\r\n0\r\nX-Trailer: t\r\n\r\n"
                .utf8)
        try await withServer { connection in
            for cut in 1..<answer.count {
                guard connection.readRequest() != nil else { return }
                connection.send(Array(answer[..<cut]))
                connection.send(Array(answer[cut...]))
            }
            while connection.readRequest() != nil {
                for byte in answer { connection.send([byte]) }
            }
        } _: { server, client async throws in
            for _ in 1...answer.count {
                let response = try await client.send(HTTPRequest(url: server.url))
                #expect(String(decoding: response.body, as: UTF8.self) == "hello world")
                #expect(response.header("X") == nil)
                #expect(response.header("X-Trailer") == nil)
            }
            #expect(server.connectionCount == 1)
        }
    }

    @Test(arguments: ["SSH-2.0-OpenSSH_9.2\r\n\r\n", "\u{0}\u{1}\u{2}garbage", "HTTP/9.9 banana\r\n\r\n", "\r\n\r\n"])
    func whatIsNotHTTPIsAnError(garbage: String) async throws {
        try await withServer { connection in
            _ = connection.readRequest()
            connection.send(garbage)
        } _: { server, client async throws in
            let error = await failure(of: HTTPRequest(url: server.url), on: client)
            #expect(error.code == .malformedResponse || error.code == .connectionLost, "\(error)")
        }
    }

    @Test func aResetIsALostConnection() async throws {
        try await withServer { connection in
            _ = connection.readRequest()
            connection.reset()
        } _: { server, client async throws in
            #expect(await failure(of: HTTPRequest(url: server.url), on: client).code == .connectionLost)
        }
    }

    @Test func anEndInTheMiddleOfTheBodyIsALostConnection() async throws {
        try await withServer { connection in
            _ = connection.readRequest()
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        } _: { server, client async throws in
            #expect(await failure(of: HTTPRequest(url: server.url), on: client).code == .connectionLost)
        }
    }

    @Test func nobodyListeningIsSaid() async throws {
        let server = try TestServer { _ in }
        await server.stop()
        let client = HTTPClient()
        let error = await failure(of: HTTPRequest(url: server.url + "/path?token=abc"), on: client)
        #expect(error.code == .cannotConnect)
        #expect(error.message.contains("http://127.0.0.1:\(server.port)/path"))
        #expect(!error.message.contains("abc"))
        #expect(error.label == "cannotConnect")
        await client.shutdown()
    }

    @Test func aNameThatDoesNotExistIsSaid() async throws {
        let client = HTTPClient()
        let error = await failure(of: HTTPRequest(url: "http://no-such-host.invalid/"), on: client)
        #expect(error.code == .cannotResolve)
        await client.shutdown()
    }

    @Test(arguments: [
        "", "127.0.0.1", "ftp://127.0.0.1/", "file:///etc/passwd", "http://", "http://user:password@127.0.0.1/",
        "http://127.0.0.1/a b", "http://127.0.0.1/\r\nX: y", "http://127.0.0.1:99999/", "gopher://127.0.0.1:70/x",
    ])
    func anAddressThatIsNoneIsRefused(url: String) async throws {
        let client = HTTPClient()
        let error = await failure(of: HTTPRequest(url: url), on: client)
        #expect(error.code == .invalidRequest)
        #expect(!error.message.contains("password"))
        await client.shutdown()
    }

    @Test func headersCannotSmuggleLines() async throws {
        let client = HTTPClient()
        for headers: HTTPHeaders in [["x-api-key": "secret\r\nX: y"], ["X: a\r\nY": "z"], ["": "x"], ["X": "a\u{0}b"]] {
            let request = HTTPRequest(url: "http://127.0.0.1:1/", headers: headers)
            let error = await failure(of: request, on: client)
            #expect(error.code == .invalidRequest)
            #expect(!error.message.contains("secret"))
        }
        let error = await failure(of: HTTPRequest(method: "GET /x", url: "http://127.0.0.1:1/"), on: client)
        #expect(error.code == .invalidRequest)
        await client.shutdown()
    }

    @Test func headersShowNoValues() {
        let headers: HTTPHeaders = ["x-api-key": "secret"]
        #expect("\(headers)" == "[x-api-key]")
        #expect(!String(reflecting: headers).contains("secret"))
        #expect(!"\(HTTPRequest(url: "http://127.0.0.1/", headers: headers))".contains("secret"))
        var dumped = ""
        dump(headers, to: &dumped)
        #expect(!dumped.contains("secret"))
    }
}
