// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import WeftTestKit

@testable import WeftCLI

/// What holds for every command.
struct CommandFrameTests {
    private static let commands = WeftCommand.names

    @Test(arguments: Self.commands)
    func helpOfEachCommandShowsAnExampleToPaste(command: String) async throws {
        try await ProcessHarness.run { harness in
            let help = try harness.weft(command, "--help")
            try await help.exit(expecting: .code(0))
            let text = help.output.elements.joined(separator: "\n")
            #expect(text.contains("Example"))
            #expect(text.contains("  weft \(command)") || text.contains("weft \(command) "))
            #expect(help.errors.elements.isEmpty)
        }
    }

    @Test(arguments: [
        ["nosuch"], ["demo", "--workers", "many"], ["demo", "--workers", "0"], ["platform", "--listen", "x"],
    ])
    func mistakesOnTheCommandLineAreUsageErrorsOnStandardError(arguments: [String]) async throws {
        try await ProcessHarness.run { harness in
            let process = try harness.weft(arguments)
            try await process.exit(expecting: .code(64))
            #expect(process.output.elements.isEmpty)
            #expect(!process.errors.elements.isEmpty)
        }
    }

    @Test func aVariableWithAMeaninglessValueIsNamed() async throws {
        try await ProcessHarness.run { harness in
            let process = try harness.weft("platform", environment: ["WEFT_LOG_LEVEL": "loud"])
            try await process.exit(expecting: .code(78))
            #expect(process.errors.elements.contains { $0.contains("WEFT_LOG_LEVEL") && $0.contains("loud") })
        }
    }
}
