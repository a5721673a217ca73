// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import WeftTestKit

/// A cluster of processes with keys, for a test: files in a temporary directory, one trust directory for all.
struct SecureProcesses {
    let harness: ProcessHarness
    let directory: String
    private(set) var address = "tcp://127.0.0.1:*"

    init(_ harness: ProcessHarness) throws {
        self.harness = harness
        self.directory = try harness.temporaryDirectory()
    }

    var trust: String { self.directory + "/trust" }

    func path(of name: String) -> String { "\(self.directory)/\(name).key" }

    /// Makes a key, with `weft keys new`, and trusts it unless told otherwise.
    func makeKey(_ name: String, roles: [String] = [], isTrusted: Bool = true) async throws {
        let arguments = ["keys", "new", name, "-d", self.directory] + roles.flatMap { ["--role", $0] }
        try await self.harness.weft(arguments).exit(expecting: .code(0))
        if isTrusted { try await self.trust(name) }
    }

    /// Puts a public file into the trust directory.
    func trust(_ name: String) async throws {
        let script = "mkdir -p '\(self.trust)' && cp '\(self.directory)/\(name).pub' '\(self.trust)/'"
        try await self.harness.start("/bin/sh", ["-c", script]).exit(expecting: .code(0))
    }

    /// Takes a public file out of the trust directory.
    func revoke(_ name: String) async throws {
        try await self.harness.start("/bin/rm", ["\(self.trust)/\(name).pub"]).exit(expecting: .code(0))
    }

    /// Starts `weft` with a key.
    func weft(
        _ arguments: String..., as name: String, input: TestInput = .none, environment: [String: String?] = [:]
    ) throws -> TestProcess {
        try self.harness.weft(
            arguments + ["--key-file", self.path(of: name), "--trust", self.trust], input: input,
            environment: environment)
    }

    /// Starts a coordinator with a key, where the others find it.
    mutating func coordinator(as name: String = "boss") async throws -> TestProcess {
        let process = try self.weft("coordinator", "--bind", self.address, "--ledger", "memory", as: name)
        self.address = try await process.endpoint()
        return process
    }
}
