// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import WeftTestKit

@testable import WeftExec

struct ExecReaperTests {
    #if os(Linux)
        @Test func aProgramWhoseWorkerDiesBeforeItsGroupIsToldIsFoundByItsMark() async throws {
            try await ProcessHarness.run { harness in
                let fifo = try harness.temporaryDirectory() + "/alive"
                try await harness.start("/usr/bin/mkfifo", [fifo]).exit(expecting: .code(0))
                let reader = try harness.start("/bin/cat", [fifo])
                var reaper: ExecReaper? = ExecReaper()
                reaper?.prepare()
                var configuration = ChildProcess.Configuration(
                    executable: "/bin/sh", arguments: ["-c", "exec 4>\(fifo); echo up >&4; sleep 600"])
                configuration.environment[ExecReaper.variable] = reaper?.announce()
                let child = try ChildProcess.start(configuration)
                _ = try await reader.line(containing: "up")
                #expect(child.currentExit == nil)
                reaper = nil
                try await reader.exit(expecting: .code(0))
            }
        }
    #endif
}
