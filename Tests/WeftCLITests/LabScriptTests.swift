// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing
import WeftTestKit
import WeftValue

/// `cluster/lab` and the node it starts; `make lab` runs it on a real bad network.
struct LabScriptTests {
    private static let script =
        #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        + "/cluster/lab"

    @Test func everyDoctoredEvidenceIsFound() async throws {
        try await ProcessHarness.run { harness in
            let process = try harness.start(Self.script, ["--self-test"])
            try await process.exit(expecting: .code(0))
            let lines = process.output.elements
            #expect(lines.last == "self-test: every doctored case was found")
            for code in ["again", "hole", "misplaced", "survivors apart", "the others stall for a while"] {
                #expect(lines.contains { $0.hasPrefix("ok      \(code): ") }, "\(code) is not among the cases")
            }
        }
    }

    @Test func aMissingPythonIsNamed() async throws {
        try await ProcessHarness.run { harness in
            let process = try harness.start(Self.script, ["--quick"], environment: ["PATH": "/nowhere"])
            try await process.exit(expecting: .code(69))
            #expect(process.errors.elements.contains { $0.contains("python3") && $0.contains("apt-get install") })
        }
    }

    @Test func itIsSkippedWhereNamespacesCannotBeMade() async throws {
        try await ProcessHarness.run { harness in
            let folder = try harness.temporaryDirectory()
            let refusal = "mount --make-shared /run/netns failed: Operation not permitted"
            let refusing = try harness.script("echo '\(refusal)' >&2\nexit 1\n")
            try FileManager.default.createSymbolicLink(atPath: folder + "/ip", withDestinationPath: refusing)
            let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
            let process = try harness.start(
                Self.script, ["--quick", "--directory", folder + "/run"],
                environment: ["PATH": "\(folder):\(path)", "WEFT": "/bin/sh"])
            try await process.exit(expecting: .code(0))
            #expect(
                process.output.elements == [
                    "lab: SKIPPED, because this system does not let this user make network namespaces "
                        + "(ip netns add: \(refusal))"
                ])
        }
    }

    @Test func aNodeEmitsAtARateAndSaysWhatItHasHeard() async throws {
        try await ProcessHarness.run { harness in
            let port = try ProcessHarness.freePorts()
            let first = try harness.weft(
                ["lab-node", "--name", "one", "--bind", "tcp://127.0.0.1:\(port)", "--window", "4096"], input: .open)
            let second = try harness.weft(
                ["lab-node", "--name", "two", "--join", "tcp://127.0.0.1:\(port)"], input: .open)
            _ = try await second.line(containing: "\"joined\":true")
            first.write("rate 500\n")
            let heard = try await second.output.first { (Self.stream(in: $0)?["received"]?.intValue ?? 0) > 200 }
            let stream = try #require(Self.stream(in: heard))
            #expect(stream["received"] == stream["next"])
            for name in ["repeated", "skipped", "misnumbered", "missed", "misplaced"] { #expect(stream[name] == 0) }
            // More has been emitted than its window holds.
            let full = try await first.output.first { (Self.ownWindow(in: $0) ?? 0) > 2048 }
            #expect(try #require(Self.ownWindow(in: full)) <= 4096)
            for process in [first, second] {
                process.closeInput()
                try await process.exit(expecting: .code(0))
            }
        }
    }

    private static func stream(in line: String) -> Value? {
        (try? Value(json: line))?["origins"]?.objectValue?.values.first
    }

    private static func ownWindow(in line: String) -> Int64? {
        (try? Value(json: line))?["memory"]?["ownWindow"]?.intValue
    }
}
