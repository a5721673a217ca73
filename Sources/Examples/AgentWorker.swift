// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Weft

/// A worker for an agent of the platform. The settings come from the environment:
///
///     export XPANDER_BASE_URL=… XPANDER_API_KEY=… XPANDER_ORGANIZATION_ID=… XPANDER_AGENT_ID=…
///     swift run Examples agent-worker
///
/// With `WEFT_JOIN=tcp://host:port` instead, the same program is a worker of the cluster whose coordinator talks to the
/// platform. Not a line of it changes.
enum AgentWorker {
    struct OutOfStock: Error, CustomStringConvertible {
        var description: String { "Nothing is left in the warehouse" }
    }

    static func run() async throws {
        let events = try Events {
            OnBoot { print("opening the warehouse") }

            // The first handler whose condition holds takes the task. This one does not suspend, so it runs on a thread
            // of its own and may block.
            OnTask(options: TaskOptions { $0.input.text.hasPrefix("stock") }) { task in
                ["item": String(task.input.text.dropFirst("stock ".count)), "status": "available"]
            }

            // What a handler throws is reported as the task's error.
            OnTask(options: TaskOptions(timeout: .seconds(30)) { $0.input.text.hasPrefix("order") }) { task in
                guard !task.input.text.hasSuffix("nothing") else { throw OutOfStock() }
                task.progress("packing")
                return try await pack(task.input.text)
            }

            // The first Ctrl-C waits for this one until the drain deadline; the second one waits for nobody.
            OnTask(options: TaskOptions { $0.input.text.hasPrefix("count") }) { _ in
                print("counting the stock")
                try await Task.sleep(for: .seconds(3600))
                return "counted"
            }

            // A handler that has more to say than a result returns the task.
            OnTask { task in
                var task = task
                task.result = "Processed: \(task.input.text)"
                task.usedTools = ["echo"]
                task.tokens = TokenCounts(completion: 3, prompt: 5)
                return task
            }

            OnShutdown { print("closing the warehouse") }
        }

        // Runs until SIGINT or SIGTERM: no new tasks, then the running ones end, then the shutdown handlers run. A second
        // signal ends the process at once.
        try await events.runService()
    }

    static func pack(_ order: String) async throws -> String {
        await Task.yield()  // stands for a call to another service
        return "packed: \(order)"
    }
}
