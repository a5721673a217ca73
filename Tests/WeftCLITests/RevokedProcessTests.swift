// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing
import WeftTestKit
import WeftValue

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A revoked process that does not help: its own trust directory still names everybody, and it never lets go by itself.
@Suite(.timeLimit(.minutes(3)))
struct RevokedProcessTests {
    @Test func itsConnectionsEndWithinFiveSecondsUnderLoadAndTheOthersLoseNothing() async throws {
        try await ProcessHarness.run { harness in
            let scene = try await Scene(harness)
            let (alice, mallory) = (scene.alice, scene.mallory)
            // Both emit, to each other and to everybody: 4,000 events a second.
            for node in [alice, scene.bob, mallory] { node.write("rate 2000\n") }
            try await scene.heard(by: alice, of: mallory, more: 2_000)
            try await scene.heard(by: mallory, of: alice, more: 2_000)
            // A worker, too: the sink and its own PULL.
            let worker = try scene.worker()
            _ = try await worker.errorLine(containing: ": ready")
            try await scene.isDealtTasks(worker)
            let revoked = [mallory.processID, worker.processID]
            let before = try Connections.outside(revoked)
            // Both ways to each of the others' ROUTER and XPUB, and to the sink and from the coordinator.
            #expect(before.count >= 20, "\(before.count)")

            let start = ContinuousClock.now
            try await scene.cluster.revoke("mallory")
            var left = before
            while !left.isEmpty {
                try #require(ContinuousClock.now - start < .seconds(5), "still connected: \(left)")
                try await Task.sleep(for: .milliseconds(20))
                left = try Connections.outside(revoked).intersection(before)
            }
            // What it emits from here on reaches nobody, and nothing reaches it.
            let (byMallory, byAlice) = (try await scene.emitted(by: mallory), try await scene.emitted(by: alice))
            try await scene.heard(by: alice, of: scene.bob, more: 6_000)
            try await scene.heard(by: scene.bob, of: alice, more: 6_000)
            #expect(try scene.count(of: mallory, at: alice) <= byMallory)
            #expect(try scene.count(of: alice, at: mallory) <= byAlice)
            // It went on until it ended.
            #expect(try scene.lastEmitted(by: mallory) > byMallory)
            for node in [alice, scene.bob] { node.write("rate 0\n") }
            try await scene.areEven(alice, scene.bob)
            // It tries again, gets no further than the door, and ends when it has seen that nobody lets it in.
            for process in [mallory, worker] { try await process.exit(expecting: .code(77)) }
            let status = try scene.cluster.weft(
                "status", "--json", "--join", scene.cluster.address, as: "alice")
            try await status.exit(expecting: .code(0))
            let report = try Value(json: try #require(status.output.elements.first))
            let live = (report["members"]?.arrayValue ?? []).filter { $0["state"] == "alive" || $0["state"] == "local" }
            #expect(!live.contains { $0["name"] == "mallory" })
        }
    }
}

/// A coordinator, two nodes that emit, and one that will be revoked.
private struct Scene {
    let harness: ProcessHarness
    let cluster: SecureProcesses
    let alice: TestProcess
    let bob: TestProcess
    let mallory: TestProcess

    init(_ harness: ProcessHarness) async throws {
        var cluster = try SecureProcesses(harness)
        try await cluster.makeKey("boss", roles: ["coordinator"])
        for name in ["alice", "bob"] { try await cluster.makeKey(name) }
        try await cluster.makeKey("mallory", roles: ["worker"])
        try await harness.start("/bin/cp", ["-r", cluster.trust, cluster.directory + "/own"]).exit(expecting: .code(0))
        _ = try await cluster.coordinator()
        self.harness = harness
        self.cluster = cluster
        self.alice = try cluster.weft("lab-node", "--join", cluster.address, as: "alice", input: .open)
        self.bob = try cluster.weft("lab-node", "--join", cluster.address, as: "bob", input: .open)
        self.mallory = try harness.weft(
            ["lab-node", "--join", cluster.address] + Self.stubborn(cluster), input: .open)
        for node in [self.alice, self.bob, self.mallory] { _ = try await node.output.prefix(1) }
        try await self.alice.output.wait(for: "four members") { $0.last.map { Self.live($0) == 4 } ?? false }
        try await self.mallory.output.wait(for: "four members") { $0.last.map { Self.live($0) == 4 } ?? false }
    }

    func worker() throws -> TestProcess {
        try self.harness.weft(
            ["worker", "--exec", "cat", "--join", self.cluster.address] + Self.stubborn(self.cluster))
    }

    func isDealtTasks(_ worker: TestProcess) async throws {
        let submit = try self.cluster.weft("submit", "hello", "--wait", "--join", self.cluster.address, as: "alice")
        try await submit.exit(expecting: .code(0))
    }

    /// Waits until a node has heard so many more events of another one.
    func heard(by node: TestProcess, of other: TestProcess, more: Int64) async throws {
        let origin = try Self.id(other)
        let goal = try self.count(of: other, at: node) + more
        try await node.output.wait(for: "\(goal) events") { lines in
            lines.last.map { Self.received($0, origin) >= goal } ?? false
        }
    }

    /// How many events a node has emitted, as it says next.
    func emitted(by node: TestProcess) async throws -> Int64 {
        let lines = node.output.elements.count
        try await node.output.wait(for: "a report") { $0.count > lines }
        return try self.lastEmitted(by: node)
    }

    /// How many events a node has emitted, as it said last.
    func lastEmitted(by node: TestProcess) throws -> Int64 {
        try #require(try Self.last(node)["emitted"]?.intValue)
    }

    /// How many events of one node another one has heard, as it said last.
    func count(of other: TestProcess, at node: TestProcess) throws -> Int64 {
        Self.received(try #require(node.output.elements.last), try Self.id(other))
    }

    /// Both have heard all that the other one has emitted, once, in order and without a gap.
    func areEven(_ one: TestProcess, _ other: TestProcess) async throws {
        for (node, from) in [(one, other), (other, one)] {
            let origin = try Self.id(from)
            while true {
                let emitted = try Self.last(from)["emitted"]?.intValue
                let tally = try Self.last(node)["origins"]?[origin]
                #expect(tally?["repeated"] == 0 && tally?["skipped"] == 0 && tally?["missed"] == 0)
                if tally?["received"]?.intValue == emitted { break }
                try await Task.sleep(for: .milliseconds(100))
            }
        }
    }

    private static func stubborn(_ cluster: SecureProcesses) -> [String] {
        ["--key-file", cluster.path(of: "mallory"), "--trust", cluster.directory + "/own"]
    }

    private static func last(_ node: TestProcess) throws -> Value {
        try Value(json: try #require(node.output.elements.last))
    }

    private static func id(_ node: TestProcess) throws -> String {
        try #require(try Self.last(node)["id"]?.stringValue)
    }

    private static func received(_ line: String, _ origin: String) -> Int64 {
        (try? Value(json: line)["origins"]?[origin]?["received"]?.intValue) ?? 0
    }

    private static func live(_ line: String) -> Int {
        ((try? Value(json: line)["members"]?.arrayValue) ?? []).count { $0["joined"] == true }
    }
}

/// The TCP connections of processes, as the kernel knows them.
private enum Connections {
    struct Connection: Hashable {
        let inode: String
        let local: String
        let remote: String
    }

    /// The established connections of some processes to any but themselves.
    static func outside(_ processes: [Int32]) throws -> Set<Connection> {
        var all: Set<Connection> = []
        for process in processes { all.formUnion(try Self.established(of: process)) }
        let own = Set(all.map(\.local))
        return all.filter { !own.contains($0.remote) }
    }

    private static func established(of process: Int32) throws -> Set<Connection> {
        var established: Set<Connection> = []
        // Not by way of its size, which is 0 for such files.
        guard let file = fopen("/proc/\(process)/net/tcp", "r") else { return [] }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 512)
        while fgets(&line, Int32(line.count), file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            let columns = text.split(separator: " ").map(String.init)
            guard columns.count > 9, columns[3] == "01" else { continue }
            established.insert(Connection(inode: columns[9], local: columns[1], remote: columns[2]))
        }
        let folder = "/proc/\(process)/fd"
        var own: Set<String> = []
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
            guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(name)"),
                target.hasPrefix("socket:[")
            else { continue }
            own.insert(String(target.dropFirst(8).dropLast()))
        }
        return established.filter { own.contains($0.inode) }
    }
}
