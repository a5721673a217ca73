// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Logging
import ServiceLifecycle
import UnixSignals

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Runs a service until a signal comes; a second signal ends the process at once.
///
/// It listens within the service group's run and not beside it: a group that does not run yet ignores a request to shut
/// down, and the signal would be lost.
struct SignalledService: Service {
    /// The status of a process that a second signal ends, which is also that of the program `weft`.
    static let abortStatus: Int32 = 130

    let service: any Service
    let signals: UnixSignalsSequence
    let logger: Logger
    /// Asks the group to shut down.
    let stop: AsyncStream<Void>.Continuation

    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await self.listen() }
            defer { tasks.cancelAll() }
            try await self.service.run()
        }
    }

    private func listen() async {
        var isStopping = false
        for await _ in self.signals {
            // Without the functions registered with `atexit`: what hangs may hang them, too.
            if isStopping { _exit(Self.abortStatus) }
            isStopping = true
            self.logger.info("Stopping after what runs has ended; a second signal aborts")
            self.stop.yield()
        }
    }
}
