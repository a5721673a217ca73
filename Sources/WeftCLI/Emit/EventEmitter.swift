// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking
import Weft
import WeftBus
import WeftProtocol
import WeftValue

/// Emits what was typed or piped in, and counts.
final class EventEmitter: Sendable {
    /// Above so many bad lines, they are only counted.
    private static let mostComplaints = 20

    private let bus: EventBus
    private let counts = Locked<(emitted: UInt64, refused: UInt64)>((0, 0))

    init(bus: EventBus) {
        self.bus = bus
    }

    /// How many events went to the mesh.
    var emitted: UInt64 { self.counts.withLock { $0.emitted } }

    /// How many lines did not.
    var refused: UInt64 { self.counts.withLock { $0.refused } }

    /// Emits one event.
    func emit(_ event: EmittedEvent) async throws(CommandFailure) {
        if let problem = await self.problem(emitting: event) { throw CommandFailure(.badInput, problem) }
    }

    /// Emits one event a line, and complains about lines that are none.
    func emitLines(_ batches: InputLines) async throws {
        for await batch in batches {
            for line in batch {
                guard let bytes = line.bytes else {
                    self.complain(line.number, "longer than \(InputLines.maximumLine) bytes")
                    continue
                }
                guard bytes.contains(where: { !JSONSplitter.isSpace($0) }) else { continue }
                do throws(EmittedEvent.Malformed) {
                    let event = try EmittedEvent(line: bytes[...])
                    if let problem = await self.problem(emitting: event) { self.complain(line.number, problem) }
                } catch {
                    self.complain(line.number, error.description)
                }
            }
            try Task.checkCancellation()
        }
        try Task.checkCancellation()
    }

    private func problem(emitting event: EmittedEvent) async -> String? {
        let report = await self.bus.emit(EventName(event.name), values: event.arguments)
        if let refusal = report.refusal { return refusal.message }
        switch report.mirroring {
        case .mirrored:
            self.counts.withLock { $0.emitted += 1 }
            return nil
        case .notAttached: return "the node has left the mesh"
        case .local: return "events named \(Terminal.safe(event.name)) stay in their own process"
        case .tooLarge(let bytes):
            return "the event has \(bytes) bytes; an event may have \(WireFormat.maximumEvent) at most"
        case .unencodable(let error): return "an argument can't be sent: \(error)"
        }
    }

    private func complain(_ number: Int, _ message: String) {
        let count = self.counts.withLock { counts in
            counts.refused += 1
            return counts.refused
        }
        if count <= Self.mostComplaints { BoundedWriter.error.line("weft emit: line \(number): \(message)") }
        if count == Self.mostComplaints { BoundedWriter.error.line("weft emit: further bad lines are only counted") }
    }
}
