// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import NIOCore
import WeftValue

extension StandInResponder {
    /// An answer of JSON.
    static func json(_ value: Value, status: Int = 200) -> Response {
        var bytes = value.jsonBytes()
        bytes.append(UInt8(ascii: "\n"))
        return Response(
            status: .init(code: status), headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    /// An answer that breaks off before its body.
    static func broken() -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/json"],
            body: .init(contentLength: 1_000) { _ in throw BrokenOnPurpose() })
    }

    /// An event stream, with comments while it is idle.
    ///
    /// - Parameter open: Called when the answer has begun; gives the stream, and what to do when it has ended.
    func stream(
        on channel: any Channel, open: @escaping @Sendable () -> (stream: StandInStream, ended: @Sendable () -> Void)?
    ) -> Response {
        let hub = self.hub
        let keepAlive = self.configuration.keepAlive
        let body = ResponseBody { writer in
            guard let (stream, ended) = open() else { return try await writer.finish(nil) }
            defer { ended() }
            // The client's leaving ends the stream, so that its worker is known to be gone at once.
            let leaving = StandInLeaveHandler { stream.finish() }
            try await channel.pipeline.addHandler(leaving, position: .first).get()
            if !channel.isActive { stream.finish() }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    while true {
                        try await Task.sleep(for: keepAlive)
                        stream.send(text: ": keep-alive\n\n", events: 0)
                    }
                }
                defer { group.cancelAll() }
                for await piece in stream.pieces {
                    guard case .text(let text, let events) = piece else { throw BrokenOnPurpose() }
                    let buffer = ByteBuffer(string: text)
                    let byteCount = buffer.readableBytes
                    try await writer.write(buffer)
                    hub.count {
                        $0.streamBytes += byteCount
                        $0.streamEvents += events
                    }
                }
            }
            try? await channel.pipeline.removeHandler(leaving).get()
            try await writer.finish(nil)
        }
        return Response(
            status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store"], body: body)
    }
}
