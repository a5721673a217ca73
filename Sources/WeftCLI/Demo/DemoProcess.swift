// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Locking
import WeftExec

/// One of the demo's processes: another run of this program.
final class DemoProcess: Sendable {
    private struct State {
        var splitter = LineSplitter()
        /// The last lines that it logged, for when something goes wrong.
        var lines: [String] = []
    }

    private static let keptLines = 30

    /// What it is in the cluster, and the stable name of its node.
    let name: String
    private let child: ChildProcess
    private let state: Locked<State>
    private let ready: AsyncStream<String>

    /// Starts `weft` with the given arguments.
    ///
    /// - Parameter isVerbose: Whether what it logs is passed on.
    init(name: String, arguments: [String], environment: [String: String], isVerbose: Bool) throws(CommandFailure) {
        let state = Locked(State())
        let (ready, announce) = AsyncStream.makeStream(of: String.self, bufferingPolicy: .bufferingOldest(1))
        var configuration = ChildProcess.Configuration(
            executable: try Self.ownPath(), arguments: arguments + ["--exit-with-input"],
            environment: Self.inherited.merging(environment) { $1 })
        configuration.input = .open
        configuration.output = .discard
        configuration.receive = { _, bytes in
            let lines = state.withLock { state in
                let lines = state.splitter.append(bytes)
                state.lines = (state.lines + lines).suffix(Self.keptLines)
                return lines
            }
            for line in lines {
                if line.contains(": ready") { announce.yield(line) }
                if isVerbose { BoundedWriter.error.line("\(name) │ \(line)") }
            }
        }
        do {
            self.child = try ChildProcess.start(configuration)
        } catch {
            throw CommandFailure(.failed, "the process for \(name) could not be started: \(error)")
        }
        self.name = name
        self.state = state
        self.ready = ready
        // Ends with the child: whoever waits for its start line need not wait for longer.
        Task { [child] in
            _ = await child.exit()
            announce.finish()
        }
    }

    var processID: Int32 { self.child.processID }
    var isRunning: Bool { self.child.currentExit == nil }
    var lastLines: [String] { self.state.withLock { $0.lines } }

    /// Waits for the line that says that the node is ready, and returns it.
    func awaitReady(within limit: Duration = .seconds(30)) async throws -> String {
        let line = await withTaskGroup(of: String?.self) { group in
            group.addTask { [ready] in
                for await line in ready { return line }
                return nil
            }
            group.addTask {
                try? await Task.sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
        try Task.checkCancellation()
        guard let line else {
            let end = self.child.currentExit.map { "ended early (\($0))" } ?? "did not get ready within \(limit)"
            throw CommandFailure(.failed, "\(self.name) \(end)\(self.transcript)")
        }
        return line
    }

    /// What it logged last, for an error message.
    var transcript: String {
        self.lastLines.map { "\n  \(self.name) │ \($0)" }.joined()
    }

    /// Asks it to finish, and kills it after the grace.
    func stop(grace: Duration = .seconds(10)) async {
        self.child.terminate(grace: grace)
        _ = await self.child.exit()
    }

    /// Kills it at once.
    func kill() {
        self.child.terminate(grace: .zero)
    }

    /// Settings of a cluster elsewhere must not reach the demo.
    static var inherited: [String: String] {
        ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("WEFT_") && !$0.key.hasPrefix("XPANDER_") }
    }

    static func ownPath() throws(CommandFailure) -> String {
        if let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") { return path }
        guard let path = CommandLine.arguments.first, path.contains("/") else {
            throw CommandFailure(.failed, "cannot find this program's own file; start it by its full path")
        }
        return path
    }
}
