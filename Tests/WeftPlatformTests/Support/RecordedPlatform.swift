// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import CurlHTTP
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import WeftTestKit
import WeftValue

/// A server that plays recorded event streams and answers, and remembers what it is asked.
struct RecordedPlatform: Sendable {
    /// What a client has sent.
    struct Call: Sendable {
        let method: String
        let path: String
        let query: Set<String>
        let headers: [String: String]
        let body: Value?
    }

    let url: String
    let calls: Collector<Call>

    /// Runs `body` with a server that plays `streams` one after the other, the last one again and again.
    static func with(
        streams: [String], answers: [Examples.Step] = [], _ body: (RecordedPlatform) async throws -> Void
    ) async throws {
        let calls = Collector<Call>("requests")
        let ports = Collector<Int>("ports")
        let streamsToEnd = Collector<AsyncStream<Void>.Continuation>("streams")
        let application = Application(
            responder: CallbackResponder<BasicRequestContext> { request, _ in
                let bytes = try await request.body.collect(upTo: 1 << 24)
                let call = Call(
                    method: request.method.rawValue, path: request.uri.path,
                    query: Set((request.uri.query ?? "").split(separator: "&").map(String.init)),
                    headers: request.headers.reduce(into: [:]) { $0[$1.name.canonicalName] = $1.value },
                    body: bytes.readableBytes > 0 ? try Value(json: Array(bytes.readableBytesView)) : Value?.none)
                calls.append(call)
                guard call.headers["accept"] == "text/event-stream" else {
                    let step = answers.first {
                        $0.method == call.method && $0.path == call.path
                            && ($0.body?["status"] == call.body?["status"] || $0.body == nil)
                    }
                    let answer = step?.answer ?? ["status": "ok"]
                    return Response(
                        status: .ok, headers: [.contentType: "application/json"],
                        body: .init(byteBuffer: ByteBuffer(string: answer.json())))
                }
                let opened = calls.elements.count { $0.headers["accept"] == "text/event-stream" }
                let text = streams[min(opened, streams.count) - 1]
                return Response(
                    status: .ok, headers: [.contentType: "text/event-stream"],
                    body: .init { writer in
                        try await writer.write(ByteBuffer(string: text))
                        // The last stream stays open until the server ends.
                        if opened >= streams.count {
                            let (open, continuation) = AsyncStream<Void>.makeStream()
                            streamsToEnd.append(continuation)
                            for await _ in open {}
                        }
                        try await writer.finish(nil)
                    })
            },
            configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in ports.append(channel.localAddress?.port ?? 0) },
            logger: Logger(label: "recorded") { _ in SwiftLogNoOpLogHandler() })
        let services = ServiceGroup(
            configuration: .init(
                services: [application], logger: Logger(label: "recorded") { _ in SwiftLogNoOpLogHandler() }))
        // Not a child task, because a server that is cancelled while it accepts a connection traps in NIO.
        let server = Task { try await services.run() }
        let port = try await ports.prefix(1)[0]
        let result: Result<Void, any Error>
        do {
            try await body(RecordedPlatform(url: "http://127.0.0.1:\(port)", calls: calls))
            result = .success(())
        } catch {
            result = .failure(error)
        }
        for stream in streamsToEnd.elements { stream.finish() }
        await services.triggerGracefulShutdown()
        try await server.value
        try result.get()
    }
}
