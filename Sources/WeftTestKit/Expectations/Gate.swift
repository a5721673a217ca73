// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// A gate that holds back whoever comes to it until the test opens it, so that a handler is known to be running.
public final class Gate: Sendable {
    private let arrivals: Collector<Void>
    private let opening: Expectation<Void>

    /// Creates a closed gate.
    public init(_ description: String = "a gate") {
        self.arrivals = Collector("somebody at \(description)")
        self.opening = Expectation("\(description) to open")
    }

    /// Opens the gate for everybody, now and later.
    public func open() {
        self.opening.fulfil()
    }

    /// Stands at the gate until it opens.
    ///
    /// - Throws: ``TimedOut`` when it stays closed, `CancellationError` when the waiting task is cancelled.
    public func pass(within limit: Duration = .seconds(60)) async throws {
        self.arrivals.append(())
        try await self.opening.value(within: limit)
    }

    /// Waits until so many have come to the gate.
    public func arrivals(_ count: Int = 1, within limit: Duration = .seconds(60)) async throws {
        _ = try await self.arrivals.prefix(count, within: limit)
    }
}
