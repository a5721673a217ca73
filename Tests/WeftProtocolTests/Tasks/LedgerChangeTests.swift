// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import WeftProtocol

struct LedgerChangeTests {
    /// Otherwise a coordinator that begins after a failure of the machine would tell the platform that an ended task runs.
    @Test func thatABeginningWasTakenSurvivesTheMachine() {
        let beginning = ReportItem(taskID: "a", agentID: "agent", content: .executing)
        let end = ReportItem(
            taskID: "a", agentID: "agent",
            content: .final(status: "completed", result: "", tokens: nil, usedTools: [], format: nil, task: nil))
        #expect(LedgerChange.reported(id: beginning.id).mustBeDurable)
        #expect(!LedgerChange.report(beginning).mustBeDurable)
        // Said again, an end does no harm.
        #expect(!LedgerChange.reported(id: end.id).mustBeDurable)
        #expect(LedgerChange.report(end).mustBeDurable)
    }
}
