// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import CurlHTTP
import Testing

@Suite(.timeLimit(.minutes(3)))
struct RedirectTests {
    @Test(arguments: [301, 302, 303, 307, 308])
    func redirectsWithinTheOriginAreFollowedWithTheKey(status: Int) async throws {
        try await withServer { connection in
            while let request = connection.readRequest() {
                if request.path == "/a/start" {
                    connection.respond("\(status) Moved", headers: ["Location: ../end?x=y"])
                } else {
                    connection.respond("200 OK", body: request.method)
                }
            }
        } _: { server, client async throws in
            let response = try await client.send(
                HTTPRequest(
                    method: "POST", url: server.url + "/a/start", headers: ["x-api-key": "secret"], body: [7],
                    redirects: .sameOrigin))
            #expect(response.status == 200)
            let last = try #require(server.requests.last)
            #expect(last.path == "/end?x=y")
            #expect(last.headers["x-api-key"] == "secret")
            #expect(last.method == (status >= 307 ? "POST" : "GET"))
            #expect(last.body == (status >= 307 ? [7] : []))
        }
    }

    @Test func theKeyNeverArrivesAtAnotherOrigin() async throws {
        let other = try TestServer { connection in
            while connection.readRequest() != nil { connection.respond("200 OK") }
        }
        let target = other.url
        try await withServer { connection in
            while let request = connection.readRequest() {
                let location = request.path == "/full" ? target + "/x" : String(target.dropFirst("http:".count)) + "/x"
                connection.respond("307 Moved", headers: ["Location: \(location)"])
            }
        } _: { server, client async throws in
            for path in ["/full", "/relative"] {
                let request = HTTPRequest(
                    url: server.url + path, headers: ["x-api-key": "secret"], redirects: .sameOrigin)
                let error = await failure(of: request, on: client)
                #expect(error.code == .redirectRefused)
                #expect(error.message.contains(target))
                #expect(!error.message.contains("secret"))
            }
            let source = client.eventSource(.init(url: server.url + "/full", headers: ["x-api-key": "secret"]))
            let elements = await source.makeAsyncIterator().collect(1)
            guard case .refused(307, let message, let pause) = elements.first else {
                Issue.record("\(elements)")
                return
            }
            #expect(message.contains(target))
            #expect(pause >= .seconds(15))
            source.cancel()
        }
        #expect(other.connectionCount == 0)
        await other.stop()
    }

    @Test func withoutLeaveARedirectIsTheAnswer() async throws {
        try await withServer { connection in
            while connection.readRequest() != nil { connection.respond("302 Found", headers: ["Location: /x"]) }
        } _: { server, client async throws in
            #expect(try await client.send(HTTPRequest(url: server.url)).status == 302)
            #expect(server.requests.count == 1)
        }
    }

    @Test func redirectsInCirclesEnd() async throws {
        try await withServer { connection in
            while connection.readRequest() != nil { connection.respond("302 Found", headers: ["Location: /x"]) }
        } _: { server, client async throws in
            let error = await failure(of: HTTPRequest(url: server.url, redirects: .sameOrigin), on: client)
            #expect(error.code == .tooManyRedirects)
            #expect(server.requests.count == 6)
        }
    }
}
