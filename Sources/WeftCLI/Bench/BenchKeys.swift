// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Weft
import WeftProtocol

/// Keys for the nodes of one measurement, in a directory that is removed afterwards.
struct BenchKeys: Sendable {
    private let directory: String
    private var trust: String { self.directory + "/trust" }

    /// Makes keys for so many other processes, and for this one.
    private init(others: Int) throws {
        self.directory = FileManager.default.temporaryDirectory.path + "/weft-bench-\(Process.id)"
        do throws(TrustError) {
            for name in ["bench"] + (0..<others).map({ "peer-\($0)" }) {
                _ = try KeyFile.make(name: name, roles: [], in: self.trust)
            }
        } catch {
            throw CommandFailure(.failed, error.message)
        }
        for file in try FileManager.default.contentsOfDirectory(atPath: self.trust) where file.hasSuffix(".key") {
            try FileManager.default.moveItem(atPath: self.trust + "/" + file, toPath: self.directory + "/" + file)
        }
    }

    /// Runs something with keys, or without.
    static func with<Result>(
        _ isWanted: Bool, others: Int, _ body: (BenchKeys?) async throws -> Result
    ) async throws -> Result {
        guard isWanted else { return try await body(nil) }
        let keys = try BenchKeys(others: others)
        defer { try? FileManager.default.removeItem(atPath: keys.directory) }
        return try await body(keys)
    }

    /// The keys of this process's node.
    func own() throws -> NodeKeys {
        try NodeKeys(keyFile: self.directory + "/bench.key", trustDirectory: self.trust)
    }

    /// The arguments that give another process its keys.
    func arguments(of index: Int) -> [String] {
        ["--key-file", self.directory + "/peer-\(index).key", "--trust", self.trust]
    }
}
