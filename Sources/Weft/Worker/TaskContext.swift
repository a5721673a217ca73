// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftProtocol
public import WeftValue

/// What a handler may know and say about the attempt that it runs.
public struct TaskContext: Sendable {
    /// The attempt being run.
    public let request: TaskRequest
    private let attempt: RunningAttempt?
    private let reportProgress: (@Sendable (Value) -> Void)?

    /// Creates a context.
    ///
    /// - Parameters:
    ///   - request: The attempt being run.
    ///   - reportProgress: Takes what the handler reports while it runs.
    public init(request: TaskRequest, reportProgress: @escaping @Sendable (Value) -> Void = { _ in }) {
        self.request = request
        self.attempt = nil
        self.reportProgress = reportProgress
    }

    init(_ attempt: RunningAttempt) {
        self.request = attempt.request
        self.attempt = attempt
        self.reportProgress = nil
    }

    /// Reports progress, which others see while the task runs: as the event `task:progress`, and at the platform.
    ///
    /// It may be called as often as one likes. Reports that follow each other faster than ten a second give way to the newest, and one of
    /// more than 64 KiB is dropped.
    public func progress(_ value: Value) {
        if let attempt = self.attempt { attempt.report(value) } else { self.reportProgress?(value) }
    }

    /// Whether the handler should stop, in its own task and in whatever it has started outside of it.
    public var isCancelled: Bool { self.attempt?.isStopped ?? false || Task.isCancelled }

    /// Why the handler should stop; nil when it may go on.
    public var cancellationReason: String? { self.attempt?.stopReason }

    /// Throws when the handler should stop.
    ///
    /// - Throws: `CancellationError`.
    public func checkCancellation() throws {
        if self.isCancelled { throw CancellationError() }
    }
}
