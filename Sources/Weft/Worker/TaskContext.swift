// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking
public import WeftProtocol
public import WeftValue

/// What a handler may know and say about the attempt that it runs.
public struct TaskContext: Sendable {
    /// The attempt being run.
    public let request: TaskRequest
    private let stop: StopSignal
    private let reportProgress: @Sendable (Value) -> Void

    /// Creates a context.
    ///
    /// - Parameters:
    ///   - request: The attempt being run.
    ///   - reportProgress: Takes what the handler reports while it runs.
    public init(request: TaskRequest, reportProgress: @escaping @Sendable (Value) -> Void = { _ in }) {
        self.init(request: request, stop: StopSignal(), reportProgress: reportProgress)
    }

    init(request: TaskRequest, stop: StopSignal, reportProgress: @escaping @Sendable (Value) -> Void) {
        self.request = request
        self.stop = stop
        self.reportProgress = reportProgress
    }

    /// Reports progress, which others see while the task runs: as the event `task:progress`, and at the platform.
    ///
    /// It may be called as often as one likes. Reports that follow each other faster than ten a second give way to the newest, and one of
    /// more than 64 KiB is dropped.
    public func progress(_ value: Value) {
        self.reportProgress(value)
    }

    /// Whether the handler should stop, in its own task and in whatever it has started outside of it.
    public var isCancelled: Bool { self.stop.reason != nil || Task.isCancelled }

    /// Why the handler should stop; nil when it may go on.
    public var cancellationReason: String? { self.stop.reason }

    /// Throws when the handler should stop.
    ///
    /// - Throws: `CancellationError`.
    public func checkCancellation() throws {
        if self.isCancelled { throw CancellationError() }
    }
}
