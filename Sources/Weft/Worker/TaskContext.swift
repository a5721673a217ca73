// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftProtocol
public import WeftValue

/// What a handler may know and say about the attempt that it runs.
public struct TaskContext: Sendable {
    /// The attempt being run.
    public let request: TaskRequest
    private let reportProgress: @Sendable (Value) -> Void

    /// Creates a context.
    ///
    /// - Parameters:
    ///   - request: The attempt being run.
    ///   - reportProgress: Takes what the handler reports while it runs.
    public init(request: TaskRequest, reportProgress: @escaping @Sendable (Value) -> Void = { _ in }) {
        self.request = request
        self.reportProgress = reportProgress
    }

    /// Reports progress, which others see while the task runs.
    public func report(progress: Value) {
        self.reportProgress(progress)
    }
}
