// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing
import WeftExec
import WeftTestKit

struct ExecCheckTests {
    private static func code(_ command: String) async -> ExecError.Code? {
        do throws(ExecError) {
            try await ExecRunner(ExecConfiguration(command: command)).check()
            return nil
        } catch {
            #expect(!error.message.isEmpty)
            return error.code
        }
    }

    @Test(arguments: ["cat", "/bin/cat", "exit 3", "A=b cat", "for i in 1 2; do cat; done", "\"$HANDLER\" x", "true"])
    func commandsThatMayWorkPass(command: String) async {
        #expect(await Self.code(command) == nil)
    }

    @Test func commandsThatCannotWorkAreNamedBeforeTheFirstTask() async throws {
        #expect(await Self.code("  ") == .empty)
        #expect(await Self.code("if true") == .syntax)
        #expect(await Self.code("no-such-program-here x") == .notFound)
        #expect(await Self.code("./no-such-handler.sh") == .notFound)
        #expect(await Self.code("/tmp") == .notExecutable)
        try await ProcessHarness.run { harness in
            let file = try harness.temporaryDirectory() + "/handler.sh"
            try Data("#!/bin/sh\n".utf8).write(to: URL(filePath: file))
            #expect(await Self.code(file) == .notExecutable)
            #expect(await Self.code(try harness.script("cat\n")) == nil)
        }
    }
}
