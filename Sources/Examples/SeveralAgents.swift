// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Weft

/// Several agents in one program, started and stopped by hand.
///
///     swift run Examples several-agents support billing
enum SeveralAgents {
    static func run(agents: [String]) async throws {
        let platform = try PlatformConfiguration(
            variables: ProcessInfo.processInfo.environment, agentIDs: agents)
        let events = Events(configuration: .embedded(platform: platform))
        for agent in agents {
            events.registerAgentWorker(agent) {
                OnTask { task in "\(agent) answers: \(task.input.text)" }
            }
        }
        events.onBoot { print("booted") }
        events.onShutdown { print("shut down") }

        try await events.start()
        print("registered: \(agents.joined(separator: ", "))")

        // Work beside the tasks is tracked: the stop waits for it.
        events.background { print("background work is done") }

        // Until somebody says enough.
        while let line = readLine(), line != "stop" {}
        await events.stop()
        print("stopped")
    }
}
