// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking
import Logging
import WeftProtocol
import ZeroMQ

/// Watches who connects to the sockets that a node binds, and turns away whoever would take the last descriptors.
final class Doorkeeper: Sendable {
    private struct State {
        var turnedAway: UInt64 = 0
        var nextWord: MonotonicTime?
    }

    private let reserve = DescriptorReserve()
    private let security: NodeSecurity?
    private let logger: Logger
    private let state = Locked(State())

    init(security: NodeSecurity?, logger: Logger) {
        self.security = security
        self.logger = logger
    }

    /// How many were turned away.
    var turnedAway: UInt64 { self.state.withLock { $0.turnedAway } }

    /// What a socket's events go to.
    var monitor: @Sendable ([MonitorEvent]) -> Void {
        { [weak self] events in self?.monitored(events) }
    }

    private func monitored(_ events: [MonitorEvent]) {
        self.security?.monitored(events)
        let count = events.count { self.reserve.turnsAway($0) }
        guard count > 0 else { return }
        let total = self.state.withLock { state -> UInt64? in
            state.turnedAway += UInt64(count)
            guard state.nextWord.map({ $0 <= .now }) ?? true else { return nil }
            state.nextWord = .now + NodeDefaults.turnedAwayInterval
            return state.turnedAway
        }
        guard let total else { return }
        self.logger.warning(
            "Connections are turned away, since nearly all descriptors are in use; allow more (ulimit -n), or fewer to connect",
            metadata: ["descriptors.limit": "\(self.reserve.limit)", "connections.turnedAway": "\(total)"])
    }
}
