// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing
import WeftTestKit
import WeftValue

/// `cluster/peer` in a mesh with keys.
@Suite(.timeLimit(.minutes(3)))
struct PythonPeerSecurityTests {
    @Test func bothSidesOfASecureMeshSeeEveryEventOnceAndInOrder() async throws {
        try await PythonPeerTests.run { harness in
            let mesh = try await SecureMesh(harness, trusting: ["boss", "alice", "snake"])
            let count = 2000
            let listener = try mesh.weft("alice", "listen", "--json")
            _ = try await listener.errorLine(containing: ": ready")
            let peer = try mesh.peer("snake", "--emit", "--count", "\(count)", input: .open)
            _ = try await peer.endpoint()

            let emitter = try mesh.weft(
                "alice", "emit", "-", input: .text(PythonPeerTests.ticks("swift", count)))
            peer.write(PythonPeerTests.ticks("python", count))
            peer.closeInput()
            try await emitter.exit(expecting: .code(0))
            #expect(emitter.output.elements == ["\(count) events emitted, confirmed by 3 of 3 peers"])
            try await peer.exit(expecting: .code(0))
            let heard = try await listener.output.prefix(2 * count)
            try PythonPeerTests.expectTicks("swift", count, in: heard)
            try PythonPeerTests.expectTicks("python", count, in: heard)
            try PythonPeerTests.expectTicks("swift", count, in: peer.output.elements)
        }
    }

    @Test func aPeerWithoutATrustedKeyIsNotLetIn() async throws {
        try await PythonPeerTests.run { harness in
            let mesh = try await SecureMesh(harness, trusting: ["boss"])
            try mesh.trust(["snake", "boss"], in: "other")
            try mesh.trust(["alice"], in: "nobody")
            let untrusted = try mesh.peer("snake", "--timeout", "5", trust: "other")
            let plain = try harness.start(
                PythonPeerTests.script, ["--timeout", "5", "--join", mesh.endpoint])
            let server = try mesh.peer("boss", "--timeout", "5", trust: "nobody")
            try await untrusted.exit(expecting: .code(77))
            try await plain.exit(expecting: .code(77))
            try await server.exit(expecting: .code(77))
            #expect(untrusted.errors.elements.contains { $0.contains("does not trust this node's key (snake, ") })
            #expect(plain.errors.elements.contains { $0.contains("talks only to nodes with keys") })
            #expect(server.errors.elements.contains { $0.contains("has none of the keys in the trust directory") })
            #expect(!untrusted.errors.elements.contains { $0.contains(" is at ") })
            #expect(!plain.errors.elements.contains { $0.contains(" is at ") })
        }
    }

    @Test func aMeshOfThreeNodesAndThisOneHearEachOthersEventsOnceAndInOrder() async throws {
        try await PythonPeerTests.run { harness in
            let proof = try harness.start(
                PythonPeerTests.script, ["--prove", "5000"], environment: ["WEFT": try ProcessHarness.weftPath()])
            try await proof.exit(expecting: .code(0), within: .seconds(120))
            #expect(proof.output.elements.last?.hasPrefix("10000 events in ") == true)
            #expect(proof.output.elements.last?.contains("none twice, none missing, all in order") == true)
        }
    }

    @Test func itTakesANewKeyWhileEventsPass() async throws {
        try await PythonPeerTests.run { harness in
            let mesh = try await SecureMesh(harness, trusting: ["boss", "alice", "snake"])
            let listener = try mesh.weft("alice", "listen", "--json", "--log-level", "info")
            _ = try await listener.errorLine(containing: ": ready")
            let peer = try mesh.peer("snake", "--emit", "--count", "1", input: .open)
            _ = try await peer.endpoint()
            peer.write("tick:python 1\n")
            _ = try await listener.output.prefix(1)
            // The public file first, which names both keys; then the key itself.
            try await harness.weft(
                ["keys", "new", "snake", "-d", "next", "--replaces", "trust/snake.pub", "--overlap", "1h"],
                in: mesh.directory
            ).exit(expecting: .code(0))
            for (from, to) in [("next/snake.pub", "trust/snake.pub"), ("next/snake.key", "snake.key")] {
                try await harness.start("/bin/mv", ["\(mesh.directory)/\(from)", "\(mesh.directory)/\(to)"])
                    .exit(expecting: .code(0))
                if from.hasSuffix(".pub") {
                    _ = try await listener.errorLine(containing: "trust directory has changed")
                }
            }
            _ = try await peer.errorLine(containing: "this node has a new key")
            peer.write("tick:python 2\n")
            _ = try await listener.output.prefix(2)
            // The old key is good for nothing any more; what the peer proves is the new one.
            let entry = try String(contentsOfFile: "\(mesh.directory)/trust/snake.pub", encoding: .utf8)
            let key = try #require(try Value(json: entry)["keys"]?[0]?["key"]?.stringValue)
            try Data("{\"keys\": [{\"key\": \(Value.string(key).json())}]}".utf8)
                .write(to: URL(filePath: "\(mesh.directory)/trust/snake.pub"))
            let emitter = try mesh.weft("boss", "emit", "tick:swift", "1")
            try await emitter.exit(expecting: .code(0))
            peer.write("tick:python 3\n")
            peer.closeInput()
            try await peer.exit(expecting: .code(0))
            try PythonPeerTests.expectTicks("swift", 1, in: peer.output.elements)
            let ticks = try await listener.output.prefix(4)
            try PythonPeerTests.expectTicks("python", 3, in: ticks)
        }
    }

    @Test func itEndsItsConnectionsWithARevokedNodeAndKeepsTheOthers() async throws {
        try await PythonPeerTests.run { harness in
            let mesh = try await SecureMesh(harness, trusting: ["boss", "alice", "snake"])
            let revoked = try mesh.weft("alice", "listen", "--json")
            _ = try await revoked.errorLine(containing: ": ready")
            let peer = try mesh.peer("snake", "--emit", "--count", "1", input: .open)
            _ = try await peer.endpoint()

            try mesh.revoke("alice", in: "trust")
            _ = try await peer.errorLine(containing: "alice is not trusted any more")
            peer.write("secret 1\n")
            peer.closeInput()
            // The coordinator has connected again: it hears the event, and is heard.
            let emitter = try mesh.weft("boss", "emit", "tick:swift", "1")
            try await emitter.exit(expecting: .code(0))
            try await peer.exit(expecting: .code(0))
            try PythonPeerTests.expectTicks("swift", 1, in: peer.output.elements)
            #expect(!revoked.output.elements.contains { $0.contains("secret") })
        }
    }
}

/// A coordinator with a key, and the keys of those who may join it.
private struct SecureMesh {
    let harness: ProcessHarness
    let directory: String
    let endpoint: String

    init(_ harness: ProcessHarness, trusting names: [String]) async throws {
        self.harness = harness
        self.directory = try harness.temporaryDirectory()
        let port = try ProcessHarness.freePorts()
        self.endpoint = "tcp://127.0.0.1:\(port)"
        for name in ["boss", "alice", "snake"] {
            let role = name == "boss" ? ["--role", "coordinator"] : []
            try await harness.weft(["keys", "new", name] + role, in: self.directory).exit(expecting: .code(0))
        }
        try self.trust(names, in: "trust")
        let coordinator = try harness.weft(
            ["coordinator", "--bind", self.endpoint, "--ledger", "memory"] + self.keys("boss", "trust"))
        _ = try await coordinator.errorLine(containing: ": ready")
    }

    func weft(_ name: String, _ arguments: String..., input: TestInput = .none) throws -> TestProcess {
        try self.harness.weft(arguments + self.keys(name, "trust") + ["--join", self.endpoint], input: input)
    }

    func peer(
        _ name: String, _ arguments: String..., input: TestInput = .none, trust: String = "trust"
    ) throws -> TestProcess {
        try self.harness.start(
            PythonPeerTests.script, arguments + self.keys(name, trust) + ["--join", self.endpoint], input: input)
    }

    func trust(_ names: [String], in trust: String) throws {
        let path = "\(self.directory)/\(trust)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        for name in names {
            try FileManager.default.copyItem(atPath: "\(self.directory)/\(name).pub", toPath: "\(path)/\(name).pub")
        }
    }

    func revoke(_ name: String, in trust: String) throws {
        try FileManager.default.removeItem(atPath: "\(self.directory)/\(trust)/\(name).pub")
    }

    private func keys(_ name: String, _ trust: String) -> [String] {
        ["--key-file", "\(self.directory)/\(name).key", "--trust", "\(self.directory)/\(trust)"]
    }
}
