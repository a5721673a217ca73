// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftProtocol
import WeftValue

extension Events {
    /// Submits a typed task to the cluster, and waits for what comes of it.
    ///
    /// - Throws: ``EventsError`` with the code ``EventsError/Code/taskFailed`` and the handler's message when it failed.
    public func submit<Input, Output>(_ name: TaskName<Input, Output>, with input: Input) async throws -> Output {
        let parts = try self.runningParts
        let submission = TaskSubmission(name: name.rawValue, payload: try HandlerOutput.value(of: input))
        switch try await parts.submit(submission) {
        case .completed(let result): return try HandlerOutput.decode(Output.self, from: result.value)
        case .failed(let failure): throw EventsError(.taskFailed, failure.message, cause: failure)
        case .cancelled(let reason): throw EventsError(.taskFailed, reason)
        }
    }
}
