// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import WeftTestKit
import WeftValue

/// Keys that come and go while processes run.
@Suite(.timeLimit(.minutes(3)))
struct KeyChangeTests {
    @Test func aRevokedKeyIsOutWithinFiveSecondsAndTheOthersMissNothing() async throws {
        try await ProcessHarness.run { harness in
            var cluster = try SecureProcesses(harness)
            try await cluster.makeKey("boss", roles: ["coordinator"])
            try await cluster.makeKey("alice")
            try await cluster.makeKey("mallory")
            _ = try await cluster.coordinator()
            let alice = try cluster.weft("listen", "tick", "--json", "--join", cluster.address, as: "alice")
            let mallory = try cluster.weft("listen", "tick", "--json", "--join", cluster.address, as: "mallory")
            for listener in [alice, mallory] { _ = try await listener.errorLine(containing: ": ready") }
            let emitter = try cluster.weft("emit", "-", "--join", cluster.address, as: "alice", input: .open)
            var number = 0
            func emit(until end: ContinuousClock.Instant) async throws {
                // The pace of a source of events; nothing waits for it.
                while ContinuousClock.now < end {
                    number += 1
                    emitter.write("tick \(number)\n")
                    try await Task.sleep(for: .milliseconds(10))
                }
            }
            try await emit(until: .now + .seconds(1))
            _ = try await mallory.output.prefix(10)
            try await cluster.revoke("mallory")
            try await emit(until: .now + .seconds(5))
            let after = number
            try await emit(until: .now + .seconds(1))
            emitter.closeInput()
            try await emitter.exit(expecting: .code(0))
            let lines = try await alice.output.prefix(number)
            let heard = try lines.map { try Value(json: $0)["arguments"]?.arrayValue?.first?.intValue }
            #expect(heard == (1...number).map { Int64($0) })
            #expect(!mallory.output.elements.contains { $0.contains("\"arguments\":[\(after)]") })
            #expect(!mallory.output.elements.contains { $0.contains("\"arguments\":[\(number)]") })
            // And it does not come back: a new process with the key is refused.
            let again = try cluster.weft("status", "--join", cluster.address, as: "mallory")
            try await again.exit(expecting: .code(77))
        }
    }

    @Test func whoseKeyIsRevokedWhileItRunsSaysSoAndEnds() async throws {
        try await ProcessHarness.run { harness in
            var cluster = try SecureProcesses(harness)
            try await cluster.makeKey("boss", roles: ["coordinator"])
            try await cluster.makeKey("w-1", roles: ["worker"])
            for name in ["alice", "mallory"] { try await cluster.makeKey(name) }
            let coordinator = try await cluster.coordinator()
            let worker = try cluster.weft("worker", "--exec", "cat", "--join", cluster.address, as: "w-1")
            let listeners = try ["alice", "mallory"].map {
                try cluster.weft("listen", "*", "--json", "--join", cluster.address, as: $0)
            }
            for process in listeners + [worker] { _ = try await process.errorLine(containing: ": ready") }
            for name in ["w-1", "mallory"] { try await cluster.revoke(name) }
            for process in [worker, listeners[1]] {
                try await process.exit(expecting: .code(77), within: .seconds(40))
                #expect(process.errors.elements.contains { $0.contains("does not trust this node's key") })
            }
            #expect(coordinator.isRunning && listeners[0].isRunning)
        }
    }

    @Test func whatARevokedWorkerRanRunsElsewhere() async throws {
        try await ProcessHarness.run { harness in
            var cluster = try SecureProcesses(harness)
            try await cluster.makeKey("boss", roles: ["coordinator"])
            for name in ["w-1", "w-2"] { try await cluster.makeKey(name, roles: ["worker"]) }
            try await cluster.makeKey("alice")
            _ = try await cluster.coordinator()
            let started = cluster.directory + "/started"
            let script = try harness.script(
                "if [ \"$WEFT_NAME\" = w-1 ]; then touch '\(started)'; exec sleep 100; fi; echo by \"$WEFT_NAME\"\n")
            let first = try cluster.weft("worker", "--exec", script, "--join", cluster.address, as: "w-1")
            _ = try await first.errorLine(containing: ": ready")
            let submit = try cluster.weft("submit", "hello", "--wait", "--join", cluster.address, as: "alice")
            let wait = "until [ -e '\(started)' ]; do sleep 0.1; done"
            try await harness.start("/bin/sh", ["-c", wait]).exit(expecting: .code(0))
            let second = try cluster.weft("worker", "--exec", script, "--join", cluster.address, as: "w-2")
            _ = try await second.errorLine(containing: ": ready")
            try await cluster.revoke("w-1")
            _ = try await submit.line(containing: "by w-2", within: .seconds(15))
            try await submit.exit(expecting: .code(0))
        }
    }

    @Test func workerAndCoordinatorTakeNewKeysBetweenTasks() async throws {
        try await ProcessHarness.run { harness in
            var cluster = try SecureProcesses(harness)
            try await cluster.makeKey("boss", roles: ["coordinator"])
            try await cluster.makeKey("w-1", roles: ["worker"])
            try await cluster.makeKey("alice")
            let coordinator = try await cluster.coordinator()
            let worker = try cluster.weft("worker", "--exec", "wc -c", "--join", cluster.address, as: "w-1")
            _ = try await worker.errorLine(containing: ": ready")
            func runTask() async throws {
                let submit = try cluster.weft("submit", "hello", "--wait", "--join", cluster.address, as: "alice")
                try await submit.exit(expecting: .code(0))
            }
            try await runTask()
            for (process, name) in [(worker, "w-1"), (coordinator, "boss")] {
                let next = cluster.directory + "/next-" + name
                let make = """
                    mkdir '\(next)' && "$WEFT" keys new \(name) -d '\(next)' --replaces '\(cluster.trust)/\(name).pub' --overlap 1h \
                    && cp '\(next)/\(name).pub' '\(cluster.trust)/.\(name)' && mv '\(cluster.trust)/.\(name)' '\(cluster.trust)/\(name).pub'
                    """
                let before = (coordinator.errors.count, worker.errors.count)
                try await harness.start(
                    "/bin/sh", ["-c", make], environment: ["WEFT": try ProcessHarness.weftPath()]
                ).exit(expecting: .code(0))
                for (other, count) in [(coordinator, before.0), (worker, before.1)] {
                    _ = try await other.errors.prefix(count + 1)
                    #expect(other.errors.elements.contains { $0.contains("The trust directory has changed") })
                }
                try await harness.start(
                    "/bin/mv", ["\(next)/\(name).key", cluster.path(of: name)]
                ).exit(expecting: .code(0))
                _ = try await process.errorLine(containing: "This node has a new key")
                try await runTask()
            }
            #expect(worker.isRunning && coordinator.isRunning)
        }
    }
}
