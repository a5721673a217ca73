// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

extension EventBus {
    /// The events whose names match, as they come.
    ///
    /// ```swift
    /// for await record in bus.records(matching: "order:*") { print(record.name) }
    /// ```
    ///
    /// - Parameters:
    ///   - pattern: Which names.
    ///   - scope: Whose events.
    ///   - buffering: What happens when the reader is slower than the events.
    ///   - replay: Whether to begin with the events in the history.
    public func records(
        matching pattern: EventPattern = .any, from scope: ListenerScope = .all,
        buffering: EventBuffering = .default, replay: Bool = false
    ) -> EventStream<EventRecord> {
        self.stream(pattern, .init(scope: scope, wantsReplay: replay), buffering) { emission throws in
            try emission.record()
        }
    }

    /// The arguments of a key's events, as they come.
    ///
    /// ```swift
    /// for await (user, at) in bus.events(.userLogin) { print("\(user) logged in at \(at)") }
    /// ```
    ///
    /// - Parameters:
    ///   - key: The name and the types of the arguments; events that do not fit are announced as `weft:undecodable`.
    ///   - scope: Whose events.
    ///   - buffering: What happens when the reader is slower than the events.
    ///   - replay: Whether to begin with the events in the history.
    public func events<each Argument>(
        _ key: EventKey<repeat each Argument>, from scope: ListenerScope = .all,
        buffering: EventBuffering = .default, replay: Bool = false
    ) -> EventStream<(repeat each Argument)> {
        self.stream(EventPattern(key.name), .init(scope: scope, wantsReplay: replay), buffering) { emission throws in
            if let box = emission.values(of: ArgumentBox<repeat each Argument>.self) {
                return (repeat each box.values)
            }
            return try Self.decode(emission, as: ArgumentBox<repeat each Argument>.self)
        }
    }

    private func stream<Element: Sendable>(
        _ pattern: EventPattern, _ options: Listener.Options, _ buffering: EventBuffering,
        _ element: @escaping @Sendable (Emission) throws -> Element
    ) -> EventStream<Element> {
        let buffer = StreamBuffer<Element>(buffering, maximumBytes: self.configuration.mailboxBytes)
        let subscription =
            if buffering == .holdingBack {
                self.register(
                    pattern, options,
                    async: AsyncTarget { emission, _, _ in
                        await buffer.appendWhenRoom(try element(emission), cost: emission.cost)
                        return true
                    }, concurrency: 1)
            } else {
                self.register(
                    pattern, options,
                    sync: SyncTarget { emission, _, bus in
                        let kept = emission.isRemote && buffer.isBackedUp ? emission.detached() : emission
                        let dropped = buffer.append(try element(kept), cost: kept.cost)
                        if dropped > 0 { bus.count(\.streamDrops, by: dropped) }
                        return true
                    })
            }
        return EventStream(lifetime: .init(buffer, self, subscription))
    }
}
