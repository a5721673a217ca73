// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import WeftBus

/// What the events of a measurement carry, and so what their listeners are handed.
enum BenchShape: String, CaseIterable, ExpressibleByArgument {
    /// Bytes.
    case bytes
    /// A text and a number.
    case typed
    /// A `Codable` struct of six fields.
    case codable

    /// Emits so many, waiting with each for room.
    ///
    /// - Parameters:
    ///   - count: How many.
    ///   - size: How many bytes each carries; a struct has its own size.
    ///   - isBlocking: Whether the thread waits for room, and not the task.
    ///   - bus: Where.
    func emit(_ count: Int, of size: Int, isBlocking: Bool, on bus: EventBus) async {
        switch self {
        case .bytes:
            let payload = [UInt8](repeating: 7, count: size)
            if isBlocking {
                for _ in 0..<count { bus.emitSync(BenchEvents.payload, payload) }
            } else {
                for _ in 0..<count { await bus.emit(BenchEvents.payload, payload) }
            }
        case .typed:
            // The number takes eight bytes.
            let text = String(repeating: "x", count: max(0, size - 8))
            if isBlocking {
                for index in 0..<count { bus.emitSync(BenchEvents.typed, text, 1 << 40 | index) }
            } else {
                for index in 0..<count { await bus.emit(BenchEvents.typed, text, 1 << 40 | index) }
            }
        case .codable:
            let order = BenchOrder.sample
            if isBlocking {
                for _ in 0..<count { bus.emitSync(BenchEvents.order, order) }
            } else {
                for _ in 0..<count { await bus.emit(BenchEvents.order, order) }
            }
        }
    }

    /// Counts what comes from others.
    ///
    /// - Parameters:
    ///   - bus: Where.
    ///   - counter: What counts.
    ///   - waste: How many arrays each event makes, to see that somebody notices.
    func count(on bus: EventBus, in counter: BenchCounter, waste: Int = 0) {
        if waste > 0 { bus.on(matching: "bench:*", from: .remote) { _ in counter.waste(waste) } }
        switch self {
        case .bytes: bus.on(BenchEvents.payload, from: .remote) { (_: [UInt8]) in counter.add() }
        case .typed: bus.on(BenchEvents.typed, from: .remote) { (_: String, _: Int) in counter.add() }
        case .codable: bus.on(BenchEvents.order, from: .remote) { (_: BenchOrder) in counter.add() }
        }
    }
}
