// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftPlatform
import WeftProtocol

/// One call of a handler: the attempt, and the settings of the handler that it went to.
struct HandlerCall: Sendable {
    let request: TaskRequest
    let context: TaskContext
    /// The format of the result when the task names none.
    var outputFormat: OutputFormat?

    /// The task as handlers of the untyped kind see it.
    func task() throws -> AgentTask {
        try AgentTask(context: self.context, outputFormat: self.outputFormat)
    }
}
