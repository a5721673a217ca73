// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import CurlHTTP
import ServerSentEvents
import WeftValue

/// The events of one task, up to its end.
///
/// A lost stream is not opened again, because the platform would tell from the beginning; envelopes that cannot be read
/// are left out.
public struct TaskUpdateEvents: AsyncSequence, Sendable {
    /// What the sequence consists of.
    public typealias Element = TaskUpdateEvent

    let source: EventSource

    /// Starts reading.
    public func makeAsyncIterator() -> Iterator {
        Iterator(source: self.source, base: self.source.makeAsyncIterator())
    }

    /// Reads the events.
    public struct Iterator: AsyncIteratorProtocol {
        let source: EventSource
        var base: EventSource.Iterator
        var isOver = false

        /// The next event; nil after the task's end.
        ///
        /// - Throws: ``PlatformError`` when the stream ends before the task.
        public mutating func next() async throws(PlatformError) -> TaskUpdateEvent? {
            try await self.next(isolation: nil)
        }

        /// The next event; nil after the task's end.
        ///
        /// - Throws: ``PlatformError`` when the stream ends before the task.
        public mutating func next(isolation actor: isolated (any Actor)?) async throws(PlatformError)
            -> TaskUpdateEvent?
        {
            while !self.isOver, let element = await self.base.next(isolation: actor) {
                switch element {
                case .opened, .oversized: continue
                case .event(let event):
                    guard let value = try? Value(json: event.data), let update = try? TaskUpdateEvent(value) else {
                        continue
                    }
                    if update.type == "task_finished" { self.end() }
                    return update
                case .disconnected(let reason, _), .failed(let reason):
                    self.end()
                    throw PlatformError(reason)
                case .refused(let status, let message, _):
                    self.end()
                    throw PlatformError(.status, "the platform refuses the task's events: \(message)", status: status)
                }
            }
            return nil
        }

        private mutating func end() {
            self.isOver = true
            self.source.cancel()
        }
    }
}
