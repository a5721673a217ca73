// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing
import WeftTestKit

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A coordinator that ends, in one way or another, and comes back.
struct RestartTests {
    enum End: CaseIterable {
        /// Killed, and started again at its address.
        case killed
        /// Killed, and started again at another address, where it joins through a worker.
        case moved
        /// Told to stop, which it does with a goodbye, and started again.
        case stopped
    }

    /// Less than the time after which the mesh takes a silent node for dead; on an idle machine it takes a second or less.
    static let limit = Duration.seconds(8)

    @Test(arguments: End.allCases)
    func workersComeBackWithWhatTheyHold(after end: End) async throws {
        try await ProcessHarness.run { harness in
            let directory = try harness.temporaryDirectory()
            let (old, seed) = (
                "tcp://127.0.0.1:\(try ProcessHarness.freePorts())", "tcp://127.0.0.1:\(try ProcessHarness.freePorts())"
            )
            let arguments = ["coordinator", "--ledger", directory + "/tasks.ledger", "--log-level", "info"]
            let first = try harness.weft(arguments + ["--bind", old])
            _ = try await first.endpoint()
            try await harness.start("/usr/bin/mkfifo", [directory + "/began"]).exit(expecting: .code(0))
            let handler = try harness.script(
                """
                echo $WEFT_TASK_ID >> \(directory)/runs
                echo $WEFT_TASK_ID > \(directory)/began
                until [ -e \(directory)/go ]; do sleep 0.1; done
                echo "done by $WEFT_TASK_ID"
                """)
            for number in 0..<3 {
                var worker = ["worker", "--exec", handler, "--slots", "1", "--name", "w-\(number)", "--join", old]
                // The one through which the next coordinator joins.
                if number == 0 { worker += ["--bind", seed] }
                _ = try await harness.weft(worker).errorLine(containing: ": ready")
                _ = try await first.errorLine(containing: "worker.name=w-\(number)")
            }
            let began = try harness.start("/bin/sh", ["-c", "exec 3<>\(directory)/began; cat <&3"])
            for number in 0..<3 {
                try await harness.weft("submit", "dishes", "--id", "t-\(number)", "--join", old)
                    .exit(expecting: .code(0))
            }
            let ids = Set(try await began.output.prefix(3))
            #expect(ids == ["t-0", "t-1", "t-2"])
            switch end {
            case .killed, .moved: first.signal(SIGKILL)
            case .stopped:
                first.terminate()
                try Data().write(to: URL(filePath: directory + "/go"))
            }
            try await first.exit(expecting: end == .stopped ? .code(0) : .signal(SIGKILL))
            let started = ContinuousClock.now
            let second = try harness.weft(
                arguments + (end == .moved ? ["--bind", anyPort, "--join", seed] : ["--bind", old]))
            for number in 0..<3 { _ = try await second.errorLine(containing: "worker.name=w-\(number)") }
            #expect(ContinuousClock.now - started < Self.limit)
            if end != .stopped { try Data().write(to: URL(filePath: directory + "/go")) }
            for id in ids {
                let wait = try harness.weft("submit", "dishes", "--id", id, "--wait", "--join", seed)
                try await wait.exit(expecting: .code(0))
                #expect(wait.output.elements == ["done by \(id)"])
            }
            // What was held was reclaimed, and not dealt a second time.
            let runs = try String(contentsOf: URL(filePath: directory + "/runs"), encoding: .utf8)
            #expect(runs.split(separator: "\n").count == 3)
        }
    }
}
