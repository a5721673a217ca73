// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftProtocol

extension Coordinator {
    /// Takes what comes over an agent's stream.
    func follow(_ agentID: String) async throws {}

    /// Brings reports to the platform.
    func send(_ items: AsyncStream<ReportItem>) async {
        for await _ in items {}
    }

    func perform(_ action: ReportOutboxAction) {
        switch action {
        case .send(let item): self.reports?.yield(item)
        case .settled(let item, _): self.settled(item)
        }
    }

    func settled(_ item: ReportItem) {
        self.step { dispatcher, now in dispatcher.reportSettled(item, at: now) }
    }
}
