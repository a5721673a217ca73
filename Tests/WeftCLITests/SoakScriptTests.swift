// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import WeftTestKit

/// `cluster/soak`, which CI also runs for a while against a real cluster.
struct SoakScriptTests {
    private static let script =
        #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        + "/cluster/soak"

    @Test func everyDoctoredEvidenceIsFound() async throws {
        try await ProcessHarness.run { harness in
            let process = try harness.start(Self.script, ["--self-test"])
            try await process.exit(expecting: .code(0))
            let lines = process.output.elements
            #expect(lines.last == "self-test: every doctored case was found")
            for code in ["lost", "completed-twice", "two-finals", "attempt-twice", "unfounded", "fell"] {
                #expect(lines.contains { $0.hasPrefix("ok      \(code): ") }, "\(code) is not among the cases")
            }
        }
    }

    @Test func aMissingPythonIsNamed() async throws {
        try await ProcessHarness.run { harness in
            let process = try harness.start(Self.script, ["--self-test"], environment: ["PATH": "/nowhere"])
            try await process.exit(expecting: .code(69))
            #expect(process.errors.elements.contains { $0.contains("python3") && $0.contains("apt-get install") })
        }
    }
}
