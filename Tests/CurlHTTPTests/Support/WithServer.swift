// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import CurlHTTP
import Testing

/// Runs a test against a scripted server, and takes both down afterwards.
func withServer(
    configuration: HTTPClient.Configuration = .init(),
    _ script: @escaping TestServer.Script,
    _ body: (TestServer, HTTPClient) async throws -> Void
) async throws {
    let server = try TestServer(script)
    let client = HTTPClient(configuration: configuration)
    do {
        try await body(server, client)
    } catch {
        await server.stop()
        await client.shutdown()
        throw error
    }
    await client.shutdown()
    await server.stop()
}

/// The error that a request ends with.
func failure(
    of request: HTTPRequest, on client: HTTPClient, sourceLocation: SourceLocation = #_sourceLocation
) async -> HTTPError {
    do throws(HTTPError) {
        let response = try await client.send(request)
        Issue.record("answered \(response.status)", sourceLocation: sourceLocation)
        return HTTPError(.failed, "answered")
    } catch {
        return error
    }
}
