// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftProtocol

/// Something that somebody waits for, looked at after whatever may have changed it.
struct CoordinatorCondition {
    let holds: @Sendable (isolated Coordinator) -> Bool
    let deadline: MonotonicTime
    let continuation: CheckedContinuation<Bool, Never>
}
