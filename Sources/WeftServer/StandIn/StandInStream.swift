// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Synchronization
import WeftValue

/// One open event stream: what is to be written, in order.
final class StandInStream: Sendable {
    /// Something to write.
    enum Piece: Sendable {
        /// Text, holding so many events.
        case text(String, events: Int)
        /// Break the connection here.
        case cut
    }

    let pieces: AsyncStream<Piece>
    private let continuation: AsyncStream<Piece>.Continuation
    private let isSilent = Atomic(false)

    init() {
        // What waits here is bounded by the number of unfinished tasks that a worker is sent.
        (self.pieces, self.continuation) = AsyncStream.makeStream()
    }

    func send(name: String?, data: Value) {
        self.send(text: Self.frame(name: name, data: data.json()), events: 1)
    }

    func send(text: String, events: Int) {
        guard !self.isSilent.load(ordering: .relaxed) else { return }
        self.continuation.yield(.text(text, events: events))
    }

    /// Ends the stream in good order, after what waits.
    func finish() {
        self.continuation.finish()
    }

    /// Breaks the stream in the middle of an event, after what waits.
    func cut() {
        self.continuation.yield(.text("event: agent-execution\ndata: {\"id\": \"cut-", events: 0))
        self.continuation.yield(.cut)
        self.continuation.finish()
    }

    func silence() {
        self.isSilent.store(true, ordering: .relaxed)
    }

    /// An event as it stands in a stream.
    static func frame(name: String?, data: String) -> String {
        let lines = data.split(omittingEmptySubsequences: false) { $0.isNewline }
        return (name.map { "event: \($0)\n" } ?? "") + lines.map { "data: \($0)\n" }.joined() + "\n"
    }
}
