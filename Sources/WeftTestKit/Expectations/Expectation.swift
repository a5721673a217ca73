// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Something that a test waits for: fulfilled once from anywhere, awaited by anyone, always with a deadline.
///
/// ```swift
/// let heard = Expectation<String>("the second node hears the event")
/// bus.on(.greeting) { heard.fulfil($0) }
/// #expect(try await heard.value() == "hello")
/// ```
public final class Expectation<Value: Sendable>: Sendable {
    private let collector: Collector<Value>

    /// Creates an expectation.
    ///
    /// - Parameter description: What is expected, in words, for the message when it doesn't happen.
    public init(_ description: String = "an expectation") {
        self.collector = Collector(description)
    }

    /// Fulfils the expectation; only the first value counts.
    public func fulfil(_ value: Value) {
        self.collector.append(value)
    }

    /// Whether a value has come.
    public var isFulfilled: Bool { !self.collector.elements.isEmpty }

    /// Waits for the value.
    ///
    /// - Throws: ``TimedOut`` when none came in time, `CancellationError` when the waiting task is cancelled.
    public func value(within limit: Duration = .seconds(60)) async throws -> Value {
        try await self.collector.first(within: limit) { _ in true }
    }
}

extension Expectation where Value == Void {
    /// Fulfils the expectation.
    public func fulfil() {
        self.fulfil(())
    }
}
