// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking
import UnixSignals
import WeftExec

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// SIGINT and SIGTERM: the first one asks the running command to end, a second one aborts.
///
/// There is one of it, because there is one process that the signals go to.
final class Signals: Sendable {
    static let shared = Signals()

    private struct State {
        var received: [UnixSignal] = []
        var stop: (@Sendable () -> Void)?
        var abort: (@Sendable () -> Void)?
    }

    private let state = Locked(State())

    private init() {}

    /// Whether a signal has come.
    var isStopping: Bool { self.state.withLock { !$0.received.isEmpty } }

    /// Whether the person at the terminal has pressed Ctrl-C.
    var isInterrupted: Bool { self.state.withLock { $0.received.contains(.sigint) } }

    /// Sets what the first signal does; it is called at once when that has come already.
    func onStop(_ stop: @escaping @Sendable () -> Void) {
        let isStopping = self.state.withLock { state in
            state.stop = stop
            return !state.received.isEmpty
        }
        if isStopping { stop() }
    }

    /// Sets what must be done even when a second signal aborts the process.
    func onAbort(_ abort: @escaping @Sendable () -> Void) {
        self.state.withLock { $0.abort = abort }
    }

    /// Begins to listen to the signals; called once, at the start of the process.
    func install() async {
        // A closed pipe or connection is an error for whoever writes, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        // So is a file that may grow no more.
        signal(SIGXFSZ, SIG_IGN)
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        // Lives as long as the process.
        Task {
            for await signal in signals { self.receive(signal) }
        }
    }

    /// Does what a first SIGTERM does; nothing when one has come already, because to abort is the signals' own.
    func stop() {
        guard !self.isStopping else { return }
        self.receive(.sigterm)
    }

    private func receive(_ signal: UnixSignal) {
        let (count, stop, abort) = self.state.withLock { state in
            state.received.append(signal)
            return (state.received.count, state.stop, state.abort)
        }
        if count == 1 {
            stop?()
        } else {
            Process.exit(ExitStatus.interrupted.rawValue, after: abort)
        }
    }
}
