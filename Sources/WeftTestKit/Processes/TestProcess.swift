// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking
import WeftExec

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A program that a ``ProcessHarness`` has started.
public final class TestProcess: Sendable {
    /// What the program printed to its standard output, line by line.
    public let output: Collector<String>
    /// What the program printed to its standard error, line by line.
    public let errors: Collector<String>
    private let child: ChildProcess
    private let exit: Expectation<TestExit>
    private let name: String

    init(
        _ program: String, _ arguments: [String], input: TestInput, environment: [String: String], directory: String?
    ) throws {
        let name = ([program.split(separator: "/").last.map(String.init) ?? program] + arguments).joined(separator: " ")
        let output = Collector<String>("a line on the standard output of \(name)")
        let errors = Collector<String>("a line on the standard error of \(name)")
        let exit = Expectation<TestExit>("the end of \(name)")
        let splitters = Locked((output: LineSplitter(), error: LineSplitter()))
        var configuration = ChildProcess.Configuration(
            executable: program, arguments: arguments, environment: environment)
        configuration.directory = directory
        switch input {
        case .none: configuration.input = .none
        case .bytes(let bytes): configuration.input = .bytes(bytes)
        case .open: configuration.input = .open
        }
        configuration.receive = { stream, bytes in
            switch stream {
            case .output: output.append(contentsOf: splitters.withLock { $0.output.append(bytes) })
            case .error: errors.append(contentsOf: splitters.withLock { $0.error.append(bytes) })
            case .progress: break
            }
        }
        let child = try ChildProcess.start(configuration)
        self.child = child
        self.name = name
        self.output = output
        self.errors = errors
        self.exit = exit
        // Lives as long as the process, which the harness ends.
        Task {
            let end = await child.exit()
            let (lastOutput, lastError) = splitters.withLock { ($0.output.finish(), $0.error.finish()) }
            if let lastOutput { output.append(lastOutput) }
            if let lastError { errors.append(lastError) }
            output.finish()
            errors.finish()
            exit.fulfil(TestExit(end))
        }
    }

    /// The program's process id.
    public var processID: Int32 { self.child.processID }

    /// Whether the program has not ended yet.
    public var isRunning: Bool { self.child.currentExit == nil }

    /// Waits for a line of standard output that contains `text`, also one printed before.
    public func line(containing text: String, within limit: Duration = .seconds(60)) async throws -> String {
        try await self.output.first(within: limit) { $0.contains(text) }
    }

    /// Waits for a line of standard error that contains `text`, also one printed before.
    public func errorLine(containing text: String, within limit: Duration = .seconds(60)) async throws -> String {
        try await self.errors.first(within: limit) { $0.contains(text) }
    }

    /// Waits for the end of the program; all its output is collected by then.
    public func exit(within limit: Duration = .seconds(60)) async throws -> TestExit {
        try await self.exit.value(within: limit)
    }

    /// Waits for the end of the program, which must be the expected one.
    ///
    /// - Throws: ``UnexpectedExit`` for any other, ``TimedOut``.
    public func exit(expecting expected: TestExit, within limit: Duration = .seconds(60)) async throws {
        let exit = try await self.exit(within: limit)
        guard exit == expected else { throw UnexpectedExit(command: self.name, exit: exit, expected: expected) }
    }

    /// Sends a signal to the program, or to its whole group.
    public func signal(_ number: Int32, toGroup: Bool = false) {
        self.child.signal(number, toGroup: toGroup)
    }

    /// Sends SIGINT.
    public func interrupt() { self.signal(SIGINT) }

    /// Sends SIGTERM.
    public func terminate() { self.signal(SIGTERM) }

    /// Sends SIGKILL to the program and everything in its group.
    public func kill() { self.signal(SIGKILL, toGroup: true) }

    /// Hands text to the program's standard input.
    public func write(_ text: String) { self.child.write(Array(text.utf8)) }

    /// Ends the program's standard input.
    public func closeInput() { self.child.closeInput() }

    /// Waits for the end of a program that has been killed or has ended.
    ///
    /// - Throws: ``UnexpectedExit`` when the thread sanitizer has found something in it.
    func end() async throws {
        let exit = TestExit(await self.child.exit())
        // The lines are complete once the task that collects them is done.
        _ = try await self.exit()
        guard self.errors.elements.contains(where: { $0.contains("WARNING: ThreadSanitizer") }) else { return }
        throw UnexpectedExit(command: self.name, exit: exit, expected: nil)
    }

    func printTranscript() {
        print("── \(self.name) (\(self.child.currentExit?.description ?? "running"))")
        for line in self.output.elements.suffix(40) { print("   out │ \(line)") }
        for line in self.errors.elements.suffix(40) { print("   err │ \(line)") }
    }
}
