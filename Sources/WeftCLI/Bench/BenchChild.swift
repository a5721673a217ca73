// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking
import WeftExec
import WeftValue

/// The other process of a measurement: `weft bench peer`, which says what it is ready for and what it saw in lines of JSON.
final class BenchChild: Sendable {
    private let child: ChildProcess
    private let lines: AsyncStream<String>

    /// Starts the other process.
    init(_ arguments: [String]) throws(CommandFailure) {
        let (lines, continuation) = AsyncStream.makeStream(of: String.self)
        let splitter = Locked(LineSplitter())
        var configuration = ChildProcess.Configuration(
            executable: try DemoProcess.ownPath(), arguments: ["bench", "peer"] + arguments + ["--exit-with-input"],
            environment: DemoProcess.inherited)
        configuration.input = .open
        configuration.errorOutput = .inherit
        configuration.receive = { _, bytes in
            for line in splitter.withLock({ $0.append(bytes) }) { continuation.yield(line) }
        }
        do {
            self.child = try ChildProcess.start(configuration)
        } catch {
            throw CommandFailure(.failed, "the measurement's second process could not be started: \(error)")
        }
        self.lines = lines
        // Ends with the child: nobody waits for a line that will not come.
        Task { [child] in
            _ = await child.exit()
            continuation.finish()
        }
    }

    /// The next line, as JSON.
    func next() async throws(CommandFailure) -> Value {
        for await line in self.lines {
            if let value = try? Value(json: line) { return value }
            throw CommandFailure(.failed, "the measurement's second process said: \(line)")
        }
        throw CommandFailure(.failed, "the measurement's second process ended early")
    }

    /// Ends it.
    func stop() async {
        self.child.closeInput()
        self.child.terminate(grace: .seconds(2))
        _ = await self.child.exit()
    }

    /// Runs something with another process, which is ended afterwards in any case.
    static func with<Result>(
        _ arguments: [String], _ body: (BenchChild) async throws -> Result
    ) async throws -> Result {
        let child = try BenchChild(arguments)
        return try await Self.ending([child]) { try await body(child) }
    }

    /// Runs something and ends other processes afterwards in any case.
    static func ending<Result>(_ children: [BenchChild], _ body: () async throws -> Result) async throws -> Result {
        do {
            let result = try await body()
            for child in children { await child.stop() }
            return result
        } catch {
            for child in children { await child.stop() }
            throw error
        }
    }
}
