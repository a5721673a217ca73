// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftProtocol

/// Names one attempt within a worker.
struct AttemptKey: Hashable, Sendable {
    var id: String
    var attempt: Int

    init(id: String, attempt: Int) {
        self.id = id
        self.attempt = attempt
    }

    init(_ request: TaskRequest) {
        self.init(id: request.id, attempt: request.attempt)
    }
}
