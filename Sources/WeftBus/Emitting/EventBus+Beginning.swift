// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Locking
import Logging
import Synchronization
import WeftValue

/// Whether a `new_listener` handler runs: what it registers itself is no news, or it would be called for ever.
enum ListenerNews {
    @TaskLocal static var isUnderWay = false
}

extension EventBus {
    /// An emit after its one visit to the lock.
    struct Begun {
        var report = EmitReport()
        /// Nil when the emit was refused.
        var emission: Emission?
        var listeners: [Listener] = []
        var isUnhandledError = false
    }

    /// Everything about an emit that must happen in one step: its number in the stream, its place in the history, and who
    /// listens at this moment.
    func begin(_ name: EventName, _ source: any ArgumentSource, isLocalOnly: Bool) -> Begun {
        var begun = Begun()
        if let problem = name.problem {
            begun.report.refusal = problem
            self.count(\.refusedNames)
            self.logger.info("Refused to emit an event", metadata: ["event.refusal": "\(problem.label)"])
            return begun
        }
        var encoded: [UInt8]?
        var mirroring = EmitReport.Mirroring.local
        var mirrors = !isLocalOnly && name.isMirrored
        if self.configuration.historyEvents > 0 || (mirrors && self.hasPort.load(ordering: .acquiring)) {
            do {
                encoded = try source.encode()
            } catch {
                mirroring = .unencodable(error)
            }
        }
        let size = (encoded?.count ?? 0) + name.rawValue.utf8.count
        let isUnencodable = mirroring != .local
        if mirrors {
            if isUnencodable {
                mirrors = false
            } else if size > self.configuration.mirroredEventBytes {
                mirrors = false
                mirroring = .tooLarge(bytes: size)
            } else {
                mirroring = .notAttached
            }
        }
        let isTooLarge = if case .tooLarge = mirroring { true } else { false }
        (begun.emission, begun.listeners, begun.isUnhandledError, begun.report.mirroring) = self.state.withLock {
            [encoded, mirrors, mirroring] state in
            var mirroring = mirroring
            let time = Date()
            state.counters.emitted &+= 1
            if isUnencodable { state.counters.unencodable &+= 1 }
            if let encoded, mirrors, let port = state.port {
                mirroring = .mirrored(sequence: port.append(name: name, arguments: encoded, time: time))
                state.counters.mirrored &+= 1
            } else if isTooLarge {
                if state.port == nil { mirroring = .notAttached } else { state.counters.tooLargeToMirror &+= 1 }
            }
            var report = EmitReport()
            report.mirroring = mirroring
            let emission = Emission(
                name: name, origin: state.origin, sequence: report.sequence, time: time, bytes: encoded.map { $0[...] },
                source: source)
            if self.configuration.historyEvents > 0, let encoded {
                let record = EventRecord(
                    name: name, origin: state.origin, sequence: report.sequence, time: time, arguments: encoded[...])
                state.counters.historyByteDrops &+= UInt64(clamping: state.history.append(record))
            }
            let isUnhandled = name.kind == .error && !state.registry.hasOwnListeners(name)
            return (emission, state.registry.listeners(for: name), isUnhandled, mirroring)
        }
        return begun
    }

    /// Says that a handler is about to be registered: here only, not in the history, nothing awaited.
    func emitNewListener(for pattern: EventPattern) {
        guard !ListenerNews.isUnderWay else { return }
        let (name, source) = (EventName.newListener, ArgumentBox(pattern.description))
        let (listeners, origin) = self.state.withLock { ($0.registry.listeners(for: name), $0.origin) }
        guard !listeners.isEmpty else { return }
        ListenerNews.$isUnderWay.withValue(true) {
            var report = EmitReport()
            self.dispatchSync(Emission(name: name, origin: origin, source: source), to: listeners, &report)
        }
    }
}
