// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftProtocol

/// Tasks that were submitted together, and what is to be said of them once the step that took them is performed.
struct AcceptanceBatch {
    let step: UInt64
    let answers: [Result<TaskState, TaskRefusal>]
    let continuation: CheckedContinuation<[Result<TaskState, TaskRefusal>], any Error>
}
