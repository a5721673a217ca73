// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A program that runs in a process group of its own, with its input written and its outputs read at the same time.
///
/// When the program ends, whatever it left running in its group is killed. This is not `swift-subprocess`, because that
/// tells neither that the program has ended while a grandchild still holds its output, nor kills such grandchildren.
package final class ChildProcess: Sendable {
    /// One of the outputs.
    package enum Stream: Hashable, Sendable {
        case output
        case error
        /// Descriptor 3.
        case progress
    }

    /// Where the program's standard input comes from.
    package enum Input: Sendable {
        case none
        /// These bytes, then the end.
        case bytes([UInt8])
        /// What ``ChildProcess/write(_:)`` is given, until ``ChildProcess/closeInput()``.
        case open
    }

    /// Where an output goes.
    package enum Output: Hashable, Sendable {
        /// To ``Configuration/receive``.
        case receive
        case discard
        case inherit
        /// To the end of this file, which is created if need be.
        case file(String)
    }

    /// What to run, and how.
    package struct Configuration: Sendable {
        /// The path of the program.
        package var executable: String
        package var arguments: [String]
        package var environment: [String: String]
        package var directory: String?
        package var input = Input.none
        package var output = Output.receive
        package var errorOutput = Output.receive
        /// Whether the program has a descriptor 3 to report progress on; what it writes there goes to ``receive``.
        package var hasProgress = false
        /// How long the program may run before it is terminated; nil for no limit.
        package var timeLimit: Duration?
        /// How long the group may go on after SIGTERM before it is killed.
        package var grace = Duration.seconds(5)
        /// How long after the program's own end its outputs may still be held open by others in its group.
        package var settling = Duration.milliseconds(250)
        /// Takes what the program writes, in order, on the child's own thread: blocking here holds the program back.
        package var receive: @Sendable (Stream, ArraySlice<UInt8>) -> Void = { _, _ in }
        /// Called with the process id before the process is collected, after which the id may be another's.
        package var willCollect: @Sendable (Int32) -> Void = { _ in }

        package init(executable: String, arguments: [String] = [], environment: [String: String] = [:]) {
            self.executable = executable
            self.arguments = arguments
            self.environment = environment
        }
    }

    struct State {
        var pendingInput: ArraySlice<UInt8> = []
        var isInputClosed = false
        var hasLeaderEnded = false
        var terminationCause: ChildExit.Cause?
        var terminationGrace: Duration?
        var exit: ChildExit?
        var waiters: [CheckedContinuation<ChildExit, Never>] = []
        /// Nil once the pipe is closed.
        var wakeWriter: Int32?
    }

    let configuration: Configuration
    let state: Locked<State>
    /// The program's process id, which is its group's too.
    package let processID: Int32

    /// Starts the program.
    package static func start(_ configuration: Configuration) throws(ChildProcessError) -> ChildProcess {
        var opened: [Int32] = []
        func openPipe() throws(ChildProcessError) -> (reading: Int32, writing: Int32) {
            let ends = try Spawn.pipe()
            opened += [ends.reading, ends.writing]
            return ends
        }
        do {
            let wake = try openPipe()
            let input: (reading: Int32, writing: Int32)?
            switch configuration.input {
            case .none: input = nil
            case .bytes, .open: input = try openPipe()
            }
            let output = configuration.output == .receive ? try openPipe() : nil
            let error = configuration.errorOutput == .receive ? try openPipe() : nil
            let progress = configuration.hasProgress ? try openPipe() : nil
            func descriptor(_ output: Output, _ pipe: (reading: Int32, writing: Int32)?) -> Spawn.Descriptor {
                switch output {
                case .receive: pipe.map { .copy($0.writing) } ?? .open(path: "/dev/null", writing: true)
                case .discard: .open(path: "/dev/null", writing: true)
                case .inherit: .inherit
                case .file(let path): .open(path: path, writing: true)
                }
            }
            let processID = try Spawn.run(
                configuration.executable, arguments: configuration.arguments,
                environment: configuration.environment, directory: configuration.directory,
                descriptors: (
                    input.map { .copy($0.reading) } ?? .open(path: "/dev/null", writing: false),
                    descriptor(configuration.output, output), descriptor(configuration.errorOutput, error)
                ), progress: progress?.writing)
            for end in [input?.reading, output?.writing, error?.writing, progress?.writing].compactMap({ $0 }) {
                close(end)
            }
            let child = ChildProcess(configuration, processID: processID, wakeWriter: wake.writing)
            let loop = ChildLoop(
                child: child, wake: wake.reading, input: input?.writing, output: output?.reading, error: error?.reading,
                progress: progress?.reading)
            opened = []
            try startThread { loop.run() }
            try startThread { child.awaitLeader() }
            return child
        } catch {
            for end in opened { close(end) }
            throw error
        }
    }

    private init(_ configuration: Configuration, processID: pid_t, wakeWriter: Int32) {
        self.configuration = configuration
        self.processID = processID
        var state = State()
        state.wakeWriter = wakeWriter
        switch configuration.input {
        case .none: state.isInputClosed = true
        case .bytes(let bytes):
            state.pendingInput = bytes[...]
            state.isInputClosed = true
        case .open: break
        }
        self.state = Locked(state)
    }

    /// Hands bytes to the program's standard input; they are dropped when it no longer reads.
    package func write(_ bytes: some Sequence<UInt8>) {
        self.state.withLock { state in
            guard !state.isInputClosed else { return }
            state.pendingInput.append(contentsOf: bytes)
            Self.wake(state)
        }
    }

    /// Ends the program's standard input after what was written.
    package func closeInput() {
        self.state.withLock { state in
            state.isInputClosed = true
            Self.wake(state)
        }
    }

    /// Sends a signal to the program, or to its whole group; nothing happens once it has ended.
    package func signal(_ number: Int32, toGroup: Bool = false) {
        self.state.withLock { state in
            guard state.exit == nil else { return }
            systemKill(toGroup ? -self.processID : self.processID, number)
        }
    }

    /// Asks the whole group to end (SIGTERM), and kills it after the grace; the configuration's when none is given.
    package func terminate(grace: Duration? = nil) {
        self.terminate(cause: .terminated, grace: grace)
    }

    /// Kills the whole group at once.
    package func kill() {
        self.signal(SIGKILL, toGroup: true)
    }

    func terminate(cause: ChildExit.Cause, grace: Duration? = nil) {
        self.state.withLock { state in
            guard state.exit == nil, state.terminationCause == nil else { return }
            state.terminationCause = cause
            state.terminationGrace = grace ?? self.configuration.grace
            systemKill(-self.processID, SIGTERM)
            Self.wake(state)
        }
    }

    /// How the program ended; nil while it runs.
    package var currentExit: ChildExit? { self.state.withLock { $0.exit } }

    /// Waits until the program has ended and its outputs are read; this always comes to an end once it has ended.
    package func exit() async -> ChildExit {
        await withCheckedContinuation { continuation in
            let exit: ChildExit? = self.state.withLock { state in
                if let exit = state.exit { return exit }
                state.waiters.append(continuation)
                return nil
            }
            if let exit { continuation.resume(returning: exit) }
        }
    }

    /// Wakes the child's loop; called under the lock, so that the pipe is still there.
    static func wake(_ state: State) {
        guard let writer = state.wakeWriter else { return }
        var byte: UInt8 = 1
        // The pipe holds far more than the few bytes that can be in it, and a full pipe would wake the loop too.
        _ = Self.systemWrite(writer, &byte, 1)
    }

    private static func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer, _ count: Int) -> Int {
        #if canImport(Glibc)
            Glibc.write(descriptor, bytes, count)
        #elseif canImport(Musl)
            Musl.write(descriptor, bytes, count)
        #else
            Darwin.write(descriptor, bytes, count)
        #endif
    }

    /// Waits on a thread of its own until the program has ended, and leaves it to the loop to collect it: until then
    /// its id can't be given to another process, and signals can't hit a stranger.
    private func awaitLeader() {
        var information = siginfo_t()
        while waitid(P_PID, id_t(self.processID), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        self.state.withLock { state in
            state.hasLeaderEnded = true
            Self.wake(state)
        }
    }
}

/// `kill`, whose name the class above uses for its own.
private func systemKill(_ process: Int32, _ number: Int32) {
    kill(process, number)
}
