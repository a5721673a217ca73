// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A stream of server-sent events that is opened again whenever it ends.
///
/// It is driven by its reader: it connects when the first element is asked for, and when the reader holds back, so does
/// the server, because what arrives waits in a bounded buffer and the connection then rests. Pauses between connections
/// grow until ``confirm()`` says that a connection was of use.
///
/// An event source has one reader at a time; iterating again goes on where the last reader stopped. It disconnects when
/// nobody holds it any more.
public final class EventSource: AsyncSequence, Sendable {
    /// What the sequence consists of.
    public typealias Element = EventSourceElement

    /// The sequence reports failures as elements.
    public typealias Failure = Never

    private struct State {
        var machine: EventSourceState
        var channel: StreamChannel?
        var transfer: Transfer?
        var gate: PauseGate?
        var hasReader = false

        /// Takes the transfer away, for whoever cancels it outside the lock.
        mutating func takeTransfer() -> Transfer? {
            self.channel = nil
            defer { self.transfer = nil }
            return self.transfer
        }
    }

    private let state: Locked<State>
    private let client: HTTPClient
    private let bufferBytes: Int

    init(configuration: Configuration, client: HTTPClient) {
        self.state = Locked(State(machine: EventSourceState(configuration)))
        self.client = client
        self.bufferBytes = configuration.bufferBytes
    }

    deinit {
        self.cancel()
    }

    /// Starts reading, or goes on.
    public func makeAsyncIterator() -> Iterator {
        Iterator(source: self)
    }

    /// Says that the stream has proved useful: the pauses after failures start over.
    public func confirm() {
        self.state.withLock { $0.machine.confirm() }
    }

    /// Opens a new connection at once, also during a pause.
    ///
    /// Events that have arrived are still delivered first, and a running stream reports that it is disconnected.
    public func reconnect() {
        let (channel, transfer, gate) = self.state.withLock { state in
            state.machine.endPause()
            return (state.channel, state.transfer, state.gate)
        }
        channel?.end(
            HTTPError(.reconnectRequested, "a new connection was asked for: it is opened now"), dropsBytes: false)
        if let transfer {
            self.client.loop.cancel(transfer)
        }
        gate?.open()
    }

    /// Ends the sequence and its connection at once; elements not yet read are dropped.
    public func cancel() {
        let (channel, transfer, gate) = self.state.withLock { state in
            state.machine.finish()
            let channel = state.channel
            return (channel, state.takeTransfer(), state.gate)
        }
        channel?.end(HTTPError(.cancelled, "the event source was cancelled"), dropsBytes: true)
        if let transfer {
            self.client.loop.cancel(transfer)
        }
        gate?.open()
    }
}

extension EventSource {
    /// Reads an event source.
    public struct Iterator: AsyncIteratorProtocol {
        let source: EventSource

        /// The next element, or nil once the source is cancelled or has failed, and when the calling task is cancelled.
        public mutating func next() async -> EventSourceElement? {
            await self.source.nextElement()
        }

        /// The next element, or nil once the source is cancelled or has failed, and when the calling task is cancelled.
        public mutating func next(isolation actor: isolated (any Actor)?) async -> EventSourceElement? {
            await self.source.nextElement()
        }
    }

    private func nextElement() async -> EventSourceElement? {
        // A second reader at the same time gets nothing, rather than some of the first one's events.
        let isAlone = self.state.withLock { state in
            defer { state.hasReader = true }
            return !state.hasReader
        }
        guard isAlone else { return nil }
        defer { self.state.withLock { $0.hasReader = false } }
        while true {
            if Task.isCancelled {
                self.cancel()
            }
            switch self.state.withLock({ $0.machine.next() }) {
            case .deliver(let element):
                return element
            case .connect(let plan):
                self.connect(plan)
            case .read:
                await self.read()
            case .pause(let instant):
                await self.pause(until: instant)
            case .finish:
                return nil
            }
        }
    }

    private func connect(_ plan: TransferPlan) {
        let channel = StreamChannel(limit: self.bufferBytes)
        let transfer = Transfer(plan: plan, sink: channel)
        let isWanted = self.state.withLock { state in
            // It may have been cancelled since.
            guard state.machine.wantsTransfer else { return false }
            state.channel = channel
            state.transfer = transfer
            return true
        }
        if isWanted {
            self.client.loop.start(transfer)
        }
    }

    private func read() async {
        let (channel, transfer) = self.state.withLock { ($0.channel, $0.transfer) }
        guard let channel, let transfer else { return }
        let signal = await channel.next { [loop = self.client.loop] in loop.resume(transfer) }
        let useless = self.state.withLock { state -> Transfer? in
            guard state.channel === channel else { return nil }
            var generator = SystemRandomNumberGenerator()
            state.machine.received(signal, now: .now, wallTime: Int64(time(nil)), using: &generator)
            return state.machine.wantsTransfer ? nil : state.takeTransfer()
        }
        if let useless {
            self.client.loop.cancel(useless)
        }
    }

    private func pause(until instant: ContinuousClock.Instant) async {
        let gate = PauseGate()
        self.state.withLock { $0.gate = gate }
        // Asked again, because the pause may have been cut short before the gate was there.
        if self.state.withLock({ $0.machine.isPausing }) {
            await gate.wait(until: instant)
        }
        self.state.withLock { state in
            state.gate = nil
            state.machine.endPause()
        }
    }
}
