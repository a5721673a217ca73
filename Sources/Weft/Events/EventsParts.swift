// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftProtocol

/// What runs below an ``Events``: the node, its worker, and when embedded the coordinator.
final class EventsParts: Sendable {
    static func start(_ events: Events, registry: HandlerRegistry) async throws -> EventsParts {
        EventsParts()
    }
    func drain(within limit: Duration) async {}
    func submit(_ s: TaskSubmission) async throws -> TaskOutcome { .cancelled(reason: "") }
    func leave() async {}
}
