// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking
import Logging
import Synchronization
public import WeftValue

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

    /// The same of an emit whose name, arguments and report the emitter still has.
    @usableFromInline
    struct BegunAtOnce {
        let origin: NodeID
        let microseconds: Int64
        @usableFromInline let listeners: [Listener]

        /// The event with its arguments, for listeners that do not take them as they are.
        func emission(_ name: EventName, _ source: any ArgumentSource, _ sequence: UInt64?) -> Emission {
            Emission(
                name: name, origin: self.origin, sequence: sequence, microseconds: self.microseconds,
                arguments: EventArguments(bytes: nil, source: source))
        }
    }

    /// Begins an emit of a few plain arguments, if nothing has to be waited for and the name is an ordinary one.
    ///
    /// Nothing is allocated for the event: its arguments are written where the history keeps them, and from there into what
    /// goes to the other nodes.
    ///
    /// - Parameters:
    ///   - size: How many bytes `write` writes at most.
    ///   - write: Writes the arguments as one MessagePack array; it runs under the lock, so no user's code may be in it.
    /// - Returns: nil when it has to be done the longer way.
    @usableFromInline
    func beginAtOnce(
        _ name: EventName, size: Int, isLocalOnly: Bool, _ report: inout EmitReport,
        _ write: (inout MessagePackWriter) -> Void
    ) -> BegunAtOnce? {
        guard name.isMirrored, size < self.sizeLimit else { return nil }
        let keepsHistory = self.keepsHistory
        return self.state.withLockInlined { state -> BegunAtOnce? in
            var sequence: UInt64?
            let port = isLocalOnly ? nil : state.port
            if let port, !port.hasRoom { return nil }
            let time = WallClock.microseconds
            state.counters.emitted &+= 1
            if keepsHistory || port != nil {
                state.history.prepare(size)
                let start = state.history.arena.bytes.count
                write(&state.history.arena)
                let written = start..<state.history.arena.bytes.count
                if let port {
                    sequence = port.append(
                        name: name, arguments: state.history.arena.bytes, written, microsecondsSince1970: time)
                    state.counters.mirrored &+= 1
                }
                if keepsHistory {
                    let dropped = state.history.append(
                        name: name, origin: state.origin, sequence: sequence, microseconds: time, isRemote: false,
                        written: written)
                    state.counters.historyByteDrops &+= UInt64(truncatingIfNeeded: dropped)
                } else {
                    state.history.drop(written)
                }
            }
            report.took(sequence, isLocalOnly: isLocalOnly)
            return BegunAtOnce(
                origin: state.origin, microseconds: time, listeners: state.registry.listeners(for: name))
        }
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
        let begun = self.state.withLockInlined { state in
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
                let dropped = state.history.append(
                    name: name, origin: state.origin, sequence: sequence, microseconds: time, isRemote: false,
                    arguments.kept)
                state.counters.historyByteDrops &+= UInt64(truncatingIfNeeded: dropped)
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
