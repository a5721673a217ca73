// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Locking
public import Weft
import WeftPlatform
public import WeftProtocol
import WeftValue

/// Runs tasks with any program: once per task, in a process group of its own, the task object on standard input.
public struct ExecRunner: TaskRunner {
    /// What is run, and within which bounds.
    public let configuration: ExecConfiguration
    private let inheritedEnvironment: [String: String]
    private let children = ExecChildren()
    private let counted = Locked(ExecCounters())

    /// Creates a runner; ``check()`` says whether its command can work.
    ///
    /// - Parameters:
    ///   - configuration: What is run, and within which bounds.
    ///   - environment: What the program inherits, less what is secret; nil for this process's environment.
    public init(_ configuration: ExecConfiguration, environment: [String: String]? = nil) {
        self.configuration = configuration
        self.inheritedEnvironment = environment ?? ProcessInfo.processInfo.environment
    }

    /// The agents whose tasks are taken; empty for any.
    public var agentIDs: [String] { self.configuration.agentIDs }

    /// What all programs so far have written to descriptor 3.
    public var counters: ExecCounters { self.counted.withLock { $0 } }

    /// Runs the program once, and ends its whole group when the task is cancelled or its time is up.
    public func run(_ request: TaskRequest, context: TaskContext) async -> TaskOutcome {
        let output = Locked(
            ExecOutput(
                maximumOutput: self.configuration.maximumOutput, errorTail: self.configuration.errorTail))
        let progress = Locked(ExecProgress(maximumLine: self.configuration.maximumProgressLine))
        let tooLong = Locked<(@Sendable () -> Void)?>(nil)
        var child = ChildProcess.Configuration(
            executable: "/bin/sh", arguments: ["-c", self.configuration.command],
            environment: ExecEnvironment.make(for: request, inheriting: self.inheritedEnvironment))
        child.input = .bytes(Self.input(of: request))
        child.grace = self.configuration.grace
        child.timeLimit = request.deadline.map { Self.remaining(until: $0) }
        child.hasProgress = true
        child.receive = { stream, bytes in
            let isTooLong = output.withLock { output in
                switch stream {
                case .output: output.appendOutput(bytes)
                case .error: output.appendError(bytes)
                case .progress: if let value = progress.withLock({ $0.append(bytes) }) { context.progress(value) }
                }
                return output.isTooLong
            }
            if isTooLong { tooLong.withLock { $0 }?() }
        }

        let process: ChildProcess
        do {
            process = try self.children.start(child)
        } catch {
            return .failed(TaskFailure("the handler could not be started: \(error)"))
        }
        defer { self.children.remove(process) }
        // Output beyond the limit may have come already; what comes next will end it.
        tooLong.withLock { $0 = { process.terminate() } }
        if output.withLock({ $0.isTooLong }) { process.terminate() }
        defer { tooLong.withLock { $0 = nil } }
        let exit = await withTaskCancellationHandler {
            await process.exit()
        } onCancel: {
            process.terminate()
        }

        if let last = progress.withLock({ $0.finish() }) { context.progress(last) }
        let counters = progress.withLock { $0.counters }
        self.counted.withLock { $0 += counters }
        let written = output.withLock { $0 }
        let limit = TaskFailure.timeLimit(of: request)
        // The worker keeps the limit too, and either may be first.
        if exit.cause == .timeLimit || (exit.cause == .terminated && context.cancellationReason == limit.message) {
            let said = written.errorText
            return .failed(TaskFailure(limit.message + (said.isEmpty ? "" : " The handler said: \(said)")))
        }
        switch exit.cause {
        case .terminated where !written.isTooLong:
            return .cancelled(reason: "the handler was stopped (\(exit))")
        case .terminated, .timeLimit, .own:
            return ExecOutcome.of(exit.status, output: written, configuration: self.configuration)
        }
    }

    /// Kills whatever runs, with its groups, for a process that is about to end itself.
    public func killAll() {
        self.children.kill()
    }

    /// The task object as the platform sent it, or what was submitted, and a line end.
    private static func input(of request: TaskRequest) -> [UInt8] {
        // The coordinator has taken the secrets out already; a worker doesn't rely on that.
        let task = request.source == .platform ? try? PlatformTask(request.payload, agentID: request.agentID) : nil
        let payload = task?.redactedValue ?? request.payload
        return Array((payload.json() + "\n").utf8)
    }

    private static func remaining(until deadline: Date) -> Duration {
        // A date from outside may be anything; a day's limit is as good as none and fits every clock.
        .seconds(min(max(0, deadline.timeIntervalSinceNow), 365 * 86400))
    }
}
