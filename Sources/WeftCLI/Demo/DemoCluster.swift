// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking

/// The demo's cluster: stand-in platform, coordinator and workers, each a process of its own.
final class DemoCluster: Sendable {
    static let agentID = "demo"
    static let organizationID = "demo"
    static let slotsPerWorker = 4
    /// What the workers run: real work on the task object, in any language, here the shell's.
    static let handler = #"sum=$(cksum | cut -d' ' -f1) && echo "checksum $sum by $WEFT_NAME""#

    private let processes = Locked<[DemoProcess]>([])
    private let isVerbose: Bool

    init(isVerbose: Bool) {
        self.isVerbose = isVerbose
    }

    /// The workers' names.
    static func workerNames(_ count: Int) -> [String] { (1...max(1, count)).map { "worker-\($0)" } }

    /// All processes, in the order of their start.
    var all: [DemoProcess] { self.processes.withLock { $0 } }

    /// Starts everything and waits until it is ready.
    ///
    /// - Returns: the address of the stand-in and the endpoint of the coordinator.
    func start(workers: Int) async throws -> (platform: String, coordinator: String) {
        let platform = try self.launch("platform", ["platform", "--listen", "127.0.0.1:0"])
        let url = try Self.word(startingWith: "http://", in: await platform.awaitReady())
        let coordinator = try self.launch(
            "coordinator", ["coordinator", "--bind", "tcp://127.0.0.1:*", "--ledger", "memory"],
            environment: [
                "XPANDER_BASE_URL": url, "XPANDER_API_KEY": "demo", "XPANDER_ORGANIZATION_ID": Self.organizationID,
                "XPANDER_AGENT_ID": Self.agentID,
            ])
        let endpoint = try Self.word(startingWith: "tcp://", in: await coordinator.awaitReady())
        let workers = try Self.workerNames(workers).map { name in
            try self.launch(
                name,
                ["worker", "--join", endpoint, "--exec", Self.handler, "--slots", String(Self.slotsPerWorker)],
                environment: ["WEFT_NAME": name])
        }
        for worker in workers { _ = try await worker.awaitReady() }
        return (url, endpoint)
    }

    /// Stops everything in the order in which nothing is missed: workers first, the platform last.
    func stop() async {
        let processes = self.all
        await withTaskGroup(of: Void.self) { group in
            for process in processes.dropFirst(2) { group.addTask { await process.stop() } }
        }
        for process in processes.prefix(2).reversed() { await process.stop() }
    }

    /// Kills everything at once.
    func kill() {
        for process in self.all { process.kill() }
    }

    /// The first process that has ended though nobody asked it to.
    var fallen: DemoProcess? { self.all.first { !$0.isRunning } }

    private func launch(
        _ name: String, _ arguments: [String], environment: [String: String] = [:]
    ) throws(CommandFailure) -> DemoProcess {
        let process = try DemoProcess(
            name: name, arguments: arguments, environment: environment, isVerbose: self.isVerbose)
        self.processes.withLock { $0.append(process) }
        return process
    }

    private static func word(startingWith prefix: String, in line: String) throws -> String {
        for word in line.split(whereSeparator: { $0 == " " || $0 == "," }) where word.hasPrefix(prefix) {
            return String(word)
        }
        throw CommandFailure(.failed, "no \(prefix)… in the start line: \(line)")
    }
}
