// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftProtocol

/// The platform as a coordinator needs it.
package final class CoordinatorPlatform: Sendable {
    /// The agents that are served.
    package let agentIDs: [String]

    package init(agentIDs: [String]) {
        self.agentIDs = agentIDs
    }

    func setBusy(_ isBusy: Bool, agentID: String) {}

    func closeStreams() {}
}
