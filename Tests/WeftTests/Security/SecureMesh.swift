// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Logging
import Testing
import Weft
import WeftProtocol
import WeftTestKit

/// Nodes with keys in this process, with one trust directory for all.
final class SecureMesh: Sendable {
    let directory: String
    /// What the nodes have logged.
    let logged = Collector<String>("a line in a node's log")

    private init() throws {
        let path = "/tmp/weft-keys-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: path + "/trust", withIntermediateDirectories: true)
        self.directory = path
    }

    /// Runs something with a directory of keys, and removes it.
    static func with<Result>(_ body: (SecureMesh) async throws -> Result) async throws -> Result {
        let mesh = try SecureMesh()
        defer { try? FileManager.default.removeItem(atPath: mesh.directory) }
        return try await body(mesh)
    }

    var trust: String { self.directory + "/trust" }

    func path(of name: String) -> String { "\(self.directory)/\(name).key" }

    /// Makes a key, and trusts it unless told otherwise.
    @discardableResult
    func makeKey(_ name: String, roles: Set<NodeRole> = [], isTrusted: Bool = true) throws -> KeyFile {
        let made = try KeyFile.make(name: name, roles: roles, in: self.directory)
        if isTrusted { try self.trust(name) }
        return made.key
    }

    func trust(_ name: String) throws {
        try FileManager.default.copyItem(
            atPath: "\(self.directory)/\(name).pub", toPath: "\(self.trust)/\(name).pub")
    }

    func revoke(_ name: String) throws {
        try FileManager.default.removeItem(atPath: "\(self.trust)/\(name).pub")
    }

    /// Waits until something holds; the test's own limit ends it.
    func until(_ holds: @Sendable () async throws -> Bool) async throws {
        while try await !holds() { try await Task.sleep(for: .milliseconds(5)) }
    }

    /// A node that has a key; its name is the key's.
    func node(_ name: String, keyFile: String? = nil, joining others: [Node] = []) throws -> Node {
        var keys = try NodeKeys(keyFile: keyFile ?? self.path(of: name), trustDirectory: self.trust)
        keys.reloadInterval = .milliseconds(50)
        let logger = Logger(label: name) { CollectingLogHandler(name: $0, lines: self.logged) }
        return Node(
            configuration: Node.Configuration(
                seeds: others.compactMap(\.controlAddress), keys: keys, joinTimeout: .seconds(30),
                bus: EventBus(configuration: .init(logger: logger)), logger: logger))
    }
}

/// Collects what is logged, as `label: message metadata`.
private struct CollectingLogHandler: LogHandler {
    let name: String
    let lines: Collector<String>
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    init(name: String, lines: Collector<String>) {
        self.name = name
        self.lines = lines
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        self.lines.append("\(self.name): \(event.message) \(event.metadata ?? [:])")
    }
}
