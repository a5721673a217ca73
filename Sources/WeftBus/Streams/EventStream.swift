// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Events as they come, to be read with `for await`.
///
/// It listens from the moment it is made. It ends listening when its reading task is cancelled, or when the last copy of
/// it and of its iterators is gone. Several readers share its events: each event goes to one of them.
public struct EventStream<Element: Sendable>: AsyncSequence, Sendable {
    /// Streams do not fail.
    public typealias Failure = Never

    let lifetime: Lifetime

    /// Makes an iterator.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(lifetime: self.lifetime)
    }

    /// Reads the events.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let lifetime: Lifetime

        /// The next event; nil once the task is cancelled.
        public mutating func next() async -> Element? {
            await self.lifetime.buffer.next()
        }

        /// The next event; nil once the task is cancelled.
        public mutating func next(isolation actor: isolated (any Actor)?) async -> Element? {
            await self.lifetime.buffer.next()
        }
    }

    /// How many events were dropped because the reader was too slow.
    public var droppedCount: Int { self.lifetime.buffer.droppedCount }

    /// Ends the registration when nobody holds the stream any more.
    final class Lifetime: Sendable {
        let buffer: StreamBuffer<Element>
        private let bus: EventBus
        private let subscription: Subscription

        init(_ buffer: StreamBuffer<Element>, _ bus: EventBus, _ subscription: Subscription) {
            self.buffer = buffer
            self.bus = bus
            self.subscription = subscription
        }

        deinit {
            self.bus.off(self.subscription)
            self.buffer.finish()
        }
    }
}
