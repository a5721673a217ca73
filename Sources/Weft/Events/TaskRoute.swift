// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// How typed tasks find a worker that has a handler for them.
enum TaskRoute {
    /// The agent that typed tasks are for when nobody names another one.
    ///
    /// Coordinators deal by agent. With one for each name, a task waits for a worker that knows its name, and is not
    /// dealt to one that doesn't. The platform has no agents with such ids.
    static func agentID(ofTasksNamed name: String) -> String {
        "weft:task:\(name)"
    }
}
