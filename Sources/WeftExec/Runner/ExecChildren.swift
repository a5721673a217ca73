// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The programs that a runner has running, for when the process must end at once.
final class ExecChildren: Sendable {
    private struct State {
        var children: [Int32: ChildProcess] = [:]
        var isKilled = false
    }

    private let state = Locked(State())
    private let reaper = ExecReaper()

    /// Starts a program.
    ///
    /// Under the lock, so that ``kill()`` finds every program that has been started, and none is started after it.
    func start(_ configuration: ChildProcess.Configuration) throws(ChildProcessError) -> ChildProcess {
        try self.state.withLock { state throws(ChildProcessError) in
            guard !state.isKilled else { throw ChildProcessError(operation: "starting a program", code: ECANCELED) }
            var configuration = configuration
            configuration.willCollect = { [reaper] in reaper.release($0) }
            self.reaper.prepare()
            configuration.environment[ExecReaper.variable] = self.reaper.announce()
            let child = try ChildProcess.start(configuration)
            self.reaper.watch(child.processID)
            state.children[child.processID] = child
            return child
        }
    }

    func remove(_ child: ChildProcess) {
        self.state.withLock { $0.children[child.processID] = nil }
    }

    func kill() {
        let children = self.state.withLock { state in
            state.isKilled = true
            return Array(state.children.values)
        }
        for child in children { child.kill() }
    }
}
