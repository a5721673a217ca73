// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

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
        let emission: Emission
        let listeners: [Listener]
        let isUnhandledError: Bool
    }

    /// Everything about an emit that must happen in one step: its number in the stream, its place in the history, and who
    /// listens at this moment.
    ///
    /// The name must be one that may be emitted.
    func begin(
        _ name: EventName, _ source: any ArgumentSource, isLocalOnly: Bool, _ report: inout EmitReport
    ) -> Begun {
        let isForOthers = !isLocalOnly && name.isMirrored
        let arguments: EventArguments
        var obstacle: EmitReport.Mirroring?
        // Users' encoding must not run under the lock, and only once it has is the exact size known.
        if let size = source.knownSize, size < self.configuration.mirroredEventBytes - EventName.maximumLength {
            arguments = EventArguments(bytes: nil, source: source)
        } else {
            (arguments, obstacle) = self.encode(name, source, isForOthers)
        }
        let keepsHistory = self.configuration.historyEvents > 0
        let begun = self.state.withLock { state in
            var sequence: UInt64?
            let time = WallClock.microseconds
            state.counters.emitted &+= 1
            if isForOthers, let port = state.port {
                if obstacle == nil {
                    sequence = port.append(name: name, arguments: arguments, microsecondsSince1970: time)
                    state.counters.mirrored &+= 1
                } else if case .tooLarge = obstacle {
                    state.counters.tooLargeToMirror &+= 1
                }
            } else if case .tooLarge = obstacle {
                obstacle = nil
            }
            if case .unencodable = obstacle { state.counters.unencodable &+= 1 }
            report.sequence = sequence
            let emission = Emission(
                name: name, origin: state.origin, sequence: sequence, microseconds: time, arguments: arguments)
            if keepsHistory, arguments.canBeKept {
                let entry = Emission(
                    name: name, origin: state.origin, sequence: sequence, microseconds: time, arguments: arguments.kept)
                state.counters.historyByteDrops &+= UInt64(clamping: state.history.append(entry))
            }
            return Begun(
                emission: emission, listeners: state.registry.listeners(for: name),
                isUnhandledError: name.kind == .error && !state.registry.hasOwnListeners(name))
        }
        if report.sequence == nil { report.mirroring = obstacle ?? (isForOthers ? .notAttached : .local) }
        return begun
    }

    /// Encodes what is not known to be plain, if anyone will need it, and says what keeps it from being mirrored.
    private func encode(
        _ name: EventName, _ source: any ArgumentSource, _ isForOthers: Bool
    ) -> (EventArguments, EmitReport.Mirroring?) {
        guard self.configuration.historyEvents > 0 || (isForOthers && self.hasPort.load(ordering: .acquiring)) else {
            return (EventArguments(bytes: nil, source: source), nil)
        }
        do {
            let bytes = try source.encode()
            let size = bytes.count + name.rawValue.utf8.count
            let isTooLarge = isForOthers && size > self.configuration.mirroredEventBytes
            return (EventArguments(bytes: bytes[...], source: source), isTooLarge ? .tooLarge(bytes: size) : nil)
        } catch {
            return (EventArguments(bytes: nil, source: source), .unencodable(error))
        }
    }

    func refuse(_ name: EventName) -> EmitReport {
        guard let problem = name.problem else { return EmitReport() }
        self.count(\.refusedNames)
        self.logger.info("Refused to emit an event", metadata: ["event.refusal": "\(problem.label)"])
        return EmitReport(refusal: problem)
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
