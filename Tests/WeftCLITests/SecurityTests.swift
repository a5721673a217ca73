// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import WeftTestKit
import WeftValue

/// Keys, as processes use them.
@Suite(.timeLimit(.minutes(3)))
struct SecurityTests {
    @Test func aSecureClusterPassesEventsAndRunsTasks() async throws {
        try await ProcessHarness.run { harness in
            var cluster = try SecureProcesses(harness)
            try await cluster.makeKey("boss", roles: ["coordinator"])
            try await cluster.makeKey("w-1", roles: ["worker"])
            try await cluster.makeKey("alice", roles: ["operator"])
            _ = try await cluster.coordinator()
            let worker = try cluster.weft("worker", "--exec", "wc -c", "--join", cluster.address, as: "w-1")
            _ = try await worker.errorLine(containing: ": ready")
            let listener = try cluster.weft("listen", "order:*", "--json", "--join", cluster.address, as: "alice")
            _ = try await listener.errorLine(containing: ": ready")
            let emitter = try cluster.weft("emit", "order:created", "1", "--join", cluster.address, as: "alice")
            try await emitter.exit(expecting: .code(0))
            #expect(emitter.output.elements == ["1 event emitted, confirmed by 3 of 3 peers"])
            _ = try await listener.line(containing: "order:created")
            let submit = try cluster.weft("submit", "hello", "--wait", "--join", cluster.address, as: "alice")
            try await submit.exit(expecting: .code(0))
            let status = try cluster.weft("status", "--json", "--join", cluster.address, as: "alice")
            try await status.exit(expecting: .code(0))
            let names = try Value(json: try #require(status.output.elements.first))["members"]?.arrayValue ?? []
            #expect(Set(names.compactMap { $0["name"]?.stringValue }) == ["boss", "w-1", "alice"])
        }
    }

    /// Everything that somebody can ask of a mesh.
    private static let commands = [
        ["emit", "order:created", "1"], ["listen", "*", "--history"], ["status"],
        ["submit", "hello", "--timeout", "20s"],
        ["worker", "--exec", "cat"], ["coordinator", "--ledger", "memory"], ["tasks", "ls"],
        ["tasks", "cancel", "t-1"],
        ["dead", "ls"], ["drain", "boss"],
    ]

    @Test func aKeyThatIsNotTrustedIsRefusedAndLearnsNothing() async throws {
        try await Self.whileAllIsWell { cluster, coordinator in
            try await cluster.makeKey("mallory", roles: ["worker", "coordinator", "operator"], isTrusted: false)
            let keys = ["--key-file", cluster.path(of: "mallory"), "--trust", cluster.trust]
            for stranger in try Self.commands.map({ try cluster.harness.weft($0 + keys + ["--join", cluster.address]) })
            {
                try await stranger.exit(expecting: .code(77))
                #expect(stranger.output.elements.isEmpty)
                #expect(stranger.errors.elements.contains { $0.contains("does not trust this node's key (mallory, ") })
                // What it says about the others is what its own trust directory says.
                #expect(!stranger.errors.elements.contains { $0.contains("secret") || $0.contains("t-1 ") })
            }
            _ = try await coordinator.errorLine(containing: "A key that is not trusted was refused")
        }
    }

    @Test func plaintextIsRefusedByANodeWithKeys() async throws {
        try await Self.whileAllIsWell { cluster, _ in
            for stranger in try Self.commands.map({ try cluster.harness.weft($0 + ["--join", cluster.address]) }) {
                try await stranger.exit(expecting: .code(77))
                #expect(stranger.output.elements.isEmpty)
                #expect(stranger.errors.elements.contains { $0.contains("talks only to nodes with keys") })
                #expect(!stranger.errors.elements.contains { $0.contains("boss") || $0.contains("secret") })
            }
        }
    }

    /// Runs something with a secure cluster that has events and a task, and sees that nothing has changed there.
    private static func whileAllIsWell(_ body: (inout SecureProcesses, TestProcess) async throws -> Void) async throws {
        try await ProcessHarness.run { harness in
            var cluster = try SecureProcesses(harness)
            try await cluster.makeKey("boss", roles: ["coordinator"])
            try await cluster.makeKey("alice", roles: ["operator"])
            let coordinator = try await cluster.coordinator()
            let listener = try cluster.weft("listen", "*", "--json", "--join", cluster.address, as: "alice")
            _ = try await listener.errorLine(containing: ": ready")
            let submit = try cluster.weft("submit", "secret", "--id", "t-1", "--join", cluster.address, as: "alice")
            try await submit.exit(expecting: .code(0))
            let emitter = try cluster.weft("emit", "secret:event", "1", "--join", cluster.address, as: "alice")
            try await emitter.exit(expecting: .code(0))
            try await body(&cluster, coordinator)
            let tasks = try cluster.weft("tasks", "ls", "--json", "--join", cluster.address, as: "alice")
            try await tasks.exit(expecting: .code(0))
            #expect(tasks.output.elements.count == 1)
            #expect(tasks.output.elements.first?.contains("\"t-1\"") == true)
            #expect(tasks.output.elements.first?.contains("\"queued\"") == true)
            let status = try cluster.weft("status", "--json", "--join", cluster.address, as: "alice")
            try await status.exit(expecting: .code(0))
            let report = try Value(json: try #require(status.output.elements.first))
            let names = (report["members"]?.arrayValue ?? []).compactMap { $0["name"]?.stringValue }
            #expect(Set(names) == ["boss", "alice"])
            #expect(listener.output.count == 1)
            #expect(coordinator.isRunning && listener.isRunning)
        }
    }

    @Test func aNodeWithKeysRefusesToJoinOneWithout() async throws {
        try await ProcessHarness.run { harness in
            let cluster = try SecureProcesses(harness)
            try await cluster.makeKey("alice")
            let plain = try harness.weft("coordinator", "--bind", "tcp://127.0.0.1:*", "--ledger", "memory")
            let address = try await plain.endpoint()
            let emitter = try cluster.weft("emit", "order:created", "1", "--join", address, as: "alice")
            try await emitter.exit(expecting: .code(77))
            #expect(emitter.errors.elements.contains { $0.contains("has no keys") })
        }
    }

    @Test func aServerWhoseKeyIsNotTrustedIsToldNothing() async throws {
        try await ProcessHarness.run { harness in
            var cluster = try SecureProcesses(harness)
            try await cluster.makeKey("boss", roles: ["coordinator"])
            try await cluster.makeKey("alice")
            _ = try await cluster.coordinator()
            let other = try harness.temporaryDirectory()
            try await harness.start("/bin/cp", ["\(cluster.trust)/alice.pub", other]).exit(expecting: .code(0))
            let emitter = try harness.weft(
                "emit", "order:created", "1", "--join", cluster.address, "--key-file", cluster.path(of: "alice"),
                "--trust", other)
            try await emitter.exit(expecting: .code(77))
            #expect(
                emitter.errors.elements.contains { $0.contains("has none of the keys in this node's trust directory") })
        }
    }

    @Test func changingTasksAndDrainingNeedsAnOperatorsKey() async throws {
        try await ProcessHarness.run { harness in
            var cluster = try SecureProcesses(harness)
            try await cluster.makeKey("boss", roles: ["coordinator"])
            try await cluster.makeKey("w-1", roles: ["worker"])
            try await cluster.makeKey("bob")
            try await cluster.makeKey("alice", roles: ["operator"])
            _ = try await cluster.coordinator()
            let submit = try cluster.weft("submit", "hello", "--id", "t-1", "--join", cluster.address, as: "bob")
            try await submit.exit(expecting: .code(0))
            for command in [
                ["tasks", "cancel", "t-1"], ["tasks", "retry", "t-1"], ["dead", "requeue", "t-1"],
                ["dead", "drop", "t-1"],
            ] {
                let refused = try harness.weft(
                    command + [
                        "--join", cluster.address, "--key-file", cluster.path(of: "bob"), "--trust", cluster.trust,
                    ])
                let exit = try await refused.exit()
                #expect(exit == .code(77), "\(command)")
                #expect(refused.errors.elements.contains { $0.contains("needs an operator's key") }, "\(command)")
            }
            let worker = try cluster.weft("worker", "--exec", "cat", "--join", cluster.address, as: "w-1")
            _ = try await worker.errorLine(containing: ": ready")
            let drain = try cluster.weft("drain", "w-1", "--join", cluster.address, as: "bob")
            try await drain.exit(expecting: .code(77))
            #expect(worker.isRunning)
            let allowed = try cluster.weft("drain", "w-1", "--wait", "--join", cluster.address, as: "alice")
            try await allowed.exit(expecting: .code(0))
            _ = try await worker.exit()
        }
    }

    @Test func aKeyWithoutTheWorkersRoleRunsNoTasks() async throws {
        try await ProcessHarness.run { harness in
            var cluster = try SecureProcesses(harness)
            try await cluster.makeKey("boss", roles: ["coordinator"])
            try await cluster.makeKey("bob")
            _ = try await cluster.coordinator()
            // A coordinator, too, needs its role.
            for command in [
                ["worker", "--exec", "cat", "--join", cluster.address], ["coordinator", "--bind", "tcp://127.0.0.1:*"],
            ] {
                let role = command[0]
                let process = try harness.weft(
                    command + ["--key-file", cluster.path(of: "bob"), "--trust", cluster.trust])
                try await process.exit(expecting: .code(77))
                #expect(process.errors.elements.contains { $0.contains("the key of bob") && $0.contains("as \(role)") })
                #expect(!process.errors.elements.contains { $0.contains(": ready") })
            }
        }
    }

    @Test func aWorkerThatOnlyItsOwnTrustDirectoryTakesForOneEnds() async throws {
        try await ProcessHarness.run { harness in
            var cluster = try SecureProcesses(harness)
            try await cluster.makeKey("boss", roles: ["coordinator"])
            try await cluster.makeKey("bob", roles: ["worker"])
            let own = try harness.temporaryDirectory()
            try await harness.start(
                "/bin/sh",
                ["-c", "cp '\(cluster.trust)'/*.pub '\(own)' && sed -i s/worker/operator/ '\(cluster.trust)/bob.pub'"]
            ).exit(expecting: .code(0))
            let coordinator = try await cluster.coordinator()
            let worker = try harness.weft(
                "worker", "--exec", "cat", "--join", cluster.address, "--key-file", cluster.path(of: "bob"), "--trust",
                own)
            try await worker.exit(expecting: .code(77))
            #expect(worker.errors.elements.count { $0.contains("Another node refuses this one") } == 1)
            #expect(worker.errors.elements.contains { $0.contains("bob is not trusted as worker") })
            #expect(coordinator.isRunning)
        }
    }

    @Test func anOverlapWithoutAFormerKeyIsRefused() async throws {
        try await ProcessHarness.run { harness in
            let directory = try harness.temporaryDirectory()
            let process = try harness.weft("keys", "new", "q", "-d", directory, "--overlap", "1d")
            try await process.exit(expecting: .code(64))
            #expect(process.errors.elements.contains { $0.contains("--replaces") })
        }
    }

    @Test func keyFilesAreTheirOwnersAloneAndNeverOverwritten() async throws {
        try await ProcessHarness.run { harness in
            let cluster = try SecureProcesses(harness)
            try await cluster.makeKey("alice")
            let list = try harness.start("/bin/sh", ["-c", "stat -c %a '\(cluster.path(of: "alice"))'"])
            try await list.exit(expecting: .code(0))
            #expect(list.output.elements == ["600"])
            let again = try harness.weft("keys", "new", "alice", "-d", cluster.directory)
            try await again.exit(expecting: .code(1))
            #expect(again.errors.elements.contains { $0.contains("is there already, and is not overwritten") })
            // A folder that is not there is made, for its owner alone.
            let folder = cluster.directory + "/new/keys"
            try await harness.weft("keys", "new", "bob", "-d", folder).exit(expecting: .code(0))
            let made = try harness.start("/bin/sh", ["-c", "stat -c %a '\(folder)' '\(folder)/bob.key'"])
            try await made.exit(expecting: .code(0))
            #expect(made.output.elements == ["700", "600"])
            let show = try harness.weft("keys", "show", cluster.path(of: "alice"))
            try await show.exit(expecting: .code(0))
            let file = try harness.start("/bin/cat", [cluster.path(of: "alice")])
            try await file.exit(expecting: .code(0))
            let secret = try Value(json: file.output.elements.joined())["secret"]?.stringValue ?? ""
            #expect(secret.utf8.count == 40)
            #expect(!show.output.elements.contains { $0.contains(secret) })
            try await harness.start("/bin/chmod", ["644", cluster.path(of: "alice")]).exit(expecting: .code(0))
            let loose = try cluster.weft("status", "--join", cluster.address, as: "alice")
            try await loose.exit(expecting: .code(78))
            #expect(
                loose.errors.elements.contains {
                    $0.contains("can be read or written by others (0644); run: chmod 600")
                })
        }
    }

    @Test func otherAddressesThanLoopbackNeedKeysOrInsecure() async throws {
        try await ProcessHarness.run { harness in
            let refused = try harness.weft("listen", "--join", "tcp://10.1.2.3:7400")
            try await refused.exit(expecting: .code(78))
            #expect(refused.errors.elements.contains { $0.contains("--key-file") && $0.contains("--insecure") })
        }
    }

    @Test func aHandlersEnvironmentHasNothingOfTheKey() async throws {
        try await ProcessHarness.run { harness in
            var cluster = try SecureProcesses(harness)
            try await cluster.makeKey("boss", roles: ["coordinator"])
            try await cluster.makeKey("w-1", roles: ["worker"])
            try await cluster.makeKey("alice")
            _ = try await cluster.coordinator()
            let worker = try harness.weft(
                "worker", "--exec", "env", "--join", cluster.address,
                environment: ["WEFT_KEY": cluster.path(of: "w-1"), "WEFT_TRUST": cluster.trust])
            _ = try await worker.errorLine(containing: ": ready")
            let submit = try cluster.weft("submit", "hello", "--wait", "--join", cluster.address, as: "alice")
            try await submit.exit(expecting: .code(0))
            #expect(submit.output.elements.contains { $0.contains("WEFT_TASK_ID=") })
            #expect(!submit.output.elements.contains { $0.contains("w-1.key") })
        }
    }
}
