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

/// `cluster/peer`: a node written in Python from docs/wire-format.md alone, in one mesh with real nodes.
@Suite(.timeLimit(.minutes(3)))
struct PythonPeerTests {
    static let script =
        #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        + "/cluster/peer"

    // MARK: Without a mesh

    @Test func itReadsAndWritesTheGoldenFramesAndRepairsInOrder() async throws {
        try await Self.run { harness in
            let process = try harness.start(Self.script, ["--self-test"])
            try await process.exit(expecting: .code(0))
            #expect(process.output.elements.first?.hasSuffix(" golden frames, 0 differ") == true)
            #expect(process.output.elements.suffix(2) == ["streams: as promised", "members: as promised"])
        }
    }

    @Test func aMissingPythonIsNamed() async throws {
        try await ProcessHarness.run { harness in
            let process = try harness.start(Self.script, ["--help"], environment: ["PYTHON": "/nowhere/python3"])
            try await process.exit(expecting: .code(69))
            #expect(process.errors.elements.contains { $0.contains("apt-get install python3 python3-zmq") })
        }
    }

    // MARK: Events

    @Test func bothSidesSeeEveryEventOnceAndInOrder() async throws {
        try await Self.run { harness in
            let endpoint = try await Self.coordinator(harness)
            let count = 2000
            let listener = try harness.weft("listen", "--json", "--join", endpoint)
            _ = try await listener.errorLine(containing: ": ready")
            let peer = try Self.peer(harness, "--emit", "--count", "\(count)", "--join", endpoint, input: .open)
            _ = try await peer.endpoint()

            let emitter = try harness.weft("emit", "-", "--join", endpoint, input: .text(Self.ticks("swift", count)))
            peer.write(Self.ticks("python", count))
            peer.closeInput()
            try await emitter.exit(expecting: .code(0))
            #expect(emitter.output.elements == ["\(count) events emitted, confirmed by 3 of 3 peers"])
            try await peer.exit(expecting: .code(0))
            #expect(peer.errors.elements.contains { $0.contains("\(count) events emitted, confirmed by ") })

            let heard = try await listener.output.prefix(2 * count)
            try Self.expectTicks("swift", count, in: heard)
            try Self.expectTicks("python", count, in: heard)
            try Self.expectTicks("swift", count, in: peer.output.elements)
            #expect(peer.output.count == count)
        }
    }

    @Test func whatIsLostOnTheWayIsFetchedByBothSides() async throws {
        try await Self.run { harness in
            let endpoint = try await Self.coordinator(harness)
            let count = 2000
            let listener = try harness.weft("listen", "--json", "--join", endpoint)
            _ = try await listener.errorLine(containing: ": ready")
            let peer = try Self.peer(
                harness, "--emit", "--count", "\(count)", "--lose", "2", "--join", endpoint, input: .open)
            _ = try await peer.endpoint()

            // Long enough for several batches.
            let padding = String(repeating: "x", count: 300)
            let emitter = try harness.weft(
                "emit", "-", "--join", endpoint, input: .text(Self.ticks("swift", count, padding)))
            peer.write(Self.ticks("python", count, padding))
            peer.closeInput()
            try await emitter.exit(expecting: .code(0))
            try await peer.exit(expecting: .code(0))

            let heard = try await listener.output.prefix(2 * count)
            try Self.expectTicks("swift", count, in: heard)
            try Self.expectTicks("python", count, in: heard)
            try Self.expectTicks("swift", count, in: peer.output.elements)
            let report = try #require(peer.errors.elements.last)
            #expect(!report.contains(" 0 fetched") && !report.contains(" 0 lost") && report.contains(" 0 gaps"))
        }
    }

    @Test func aNodeFetchesADeadNodesEventsFromThePythonPeer() async throws {
        try await Self.run { harness in
            let first = try Self.first(harness)
            let endpoint = try await first.endpoint()
            let listener = try harness.weft("listen", "--json", "--join", endpoint)
            _ = try await listener.errorLine(containing: ": ready")
            let origin = try Self.peer(harness, "--emit", "--lose", "1", "--join", endpoint, input: .open)
            _ = try await origin.endpoint()

            // Nothing that the origin emits arrives by itself; while the listener stands still, only the first peer fetches it.
            listener.signal(SIGSTOP)
            origin.write(Self.ticks("python", 50))
            _ = try await first.output.prefix(50)
            origin.kill()
            listener.signal(SIGCONT)
            try Self.expectTicks("python", 50, in: try await listener.output.prefix(50))
        }
    }

    @Test func aLatePeerHasTheHistoryAndThenWhatComes() async throws {
        try await Self.run { harness in
            let endpoint = try await Self.coordinator(harness)
            let emitter = try harness.weft("emit", "-", "--join", endpoint, input: .open)
            emitter.write("tick 1\ntick 2\n")
            let early = try harness.weft("listen", "--history", "--count", "2", "--join", endpoint)
            try await early.exit(expecting: .code(0))

            let late = try Self.peer(harness, "--history", "--count", "3", "--join", endpoint)
            _ = try await late.output.prefix(2)
            emitter.write("tick 3\n")
            emitter.closeInput()
            try await late.exit(expecting: .code(0))
            try await emitter.exit(expecting: .code(0))
            #expect(try late.output.elements.map { try Value(json: $0)["arguments"] } == [[1], [2], [3]])
        }
    }

    @Test func whoJoinsInTheMidstMissesNothingAndHasNothingTwice() async throws {
        try await Self.run { harness in
            let endpoint = try await Self.coordinator(harness)
            let count: Int64 = 20_000
            let emitter = try harness.weft("emit", "-", "--join", endpoint, input: .open)
            let peers = try (0..<4).map { _ in try Self.peer(harness, "--history", "--join", endpoint) }
            // While they join.
            _ = try await peers[0].errorLine(containing: " is at ")
            emitter.write(Self.ticks("swift", Int(count)))
            emitter.closeInput()
            try await emitter.exit(expecting: .code(0))
            for peer in peers {
                _ = try await peer.endpoint()
                peer.terminate()
                try await peer.exit(expecting: .code(130))
                let sequences = try peer.output.elements.map { try Value(json: $0)["sequence"]?.intValue }
                let first = try #require(sequences.first ?? nil)
                #expect(sequences == (first...count).map { $0 })
            }
        }
    }

    @Test func aLateNodeHasTheHistoryFromThePythonPeer() async throws {
        try await Self.run { harness in
            let first = try Self.first(harness, "--emit", input: .open)
            let endpoint = try await first.endpoint()
            first.write(Self.ticks("python", 3))
            let late = try harness.weft("listen", "--json", "--history", "--count", "4", "--join", endpoint)
            _ = try await late.errorLine(containing: ": ready")
            first.write("tick:python 4\n")
            try await late.exit(expecting: .code(0))
            try Self.expectTicks("python", 4, in: late.output.elements)
        }
    }

    @Test func badLinesAreReportedByNumberAndTheRestGoesOn() async throws {
        try await Self.run { harness in
            let endpoint = try await Self.coordinator(harness)
            let listener = try harness.weft("listen", "--json", "--count", "2", "--join", endpoint)
            _ = try await listener.errorLine(containing: ": ready")
            let lines = #"""
                good [1.5,null,"é"] {"a":18446744073709551615}
                bad {
                weft:no
                {"name":"object","arguments":[true]}

                """#
            let peer = try Self.peer(harness, "--emit", "--join", endpoint, input: .text(lines))
            try await peer.exit(expecting: .code(65))
            #expect(peer.errors.elements.contains { $0.contains("line 2: argument 1 is not JSON") })
            #expect(peer.errors.elements.contains { $0.contains("line 3: ") })
            try await listener.exit(expecting: .code(0))
            let heard = try listener.output.elements.map { try Value(json: $0) }
            #expect(heard.map { $0["name"] } == ["good", "object"])
            #expect(heard.map { $0["arguments"] } == [[[1.5, nil, "é"], ["a": .uint(UInt64.max)]], [true]])
        }
    }

    // MARK: Members

    @Test func itsGoodbyeIsSeenAndItSeesThatOfANode() async throws {
        try await Self.run { harness in
            let endpoint = try await Self.coordinator(harness)
            let watcher = try harness.weft("listen", "--log-level", "info", "--name", "watcher", "--join", endpoint)
            _ = try await watcher.errorLine(containing: ": ready")
            let staying = try Self.peer(harness, "--name", "staying", "--join", endpoint)
            let leaving = try Self.peer(harness, "--name", "leaving", "--join", endpoint)
            _ = try await staying.endpoint()
            _ = try await leaving.endpoint()

            leaving.terminate()
            try await leaving.exit(expecting: .code(130))
            // Sooner than silence would be noticed.
            _ = try await Self.departure(of: "leaving", seenBy: watcher, within: .seconds(9))
            _ = try await staying.errorLine(containing: "leaving has said goodbye")
            watcher.interrupt()
            _ = try await staying.errorLine(containing: "watcher has said goodbye")
        }
    }

    @Test func itsSuddenDeathIsSeenAndItSeesThatOfANode() async throws {
        try await Self.run { harness in
            let endpoint = try await Self.coordinator(harness)
            let watcher = try harness.weft("listen", "--log-level", "info", "--join", endpoint)
            let killed = try harness.weft("listen", "--name", "killed", "--join", endpoint)
            _ = try await watcher.errorLine(containing: ": ready")
            _ = try await killed.errorLine(containing: ": ready")
            let staying = try Self.peer(harness, "--name", "staying", "--join", endpoint)
            let dying = try Self.peer(harness, "--name", "dying", "--join", endpoint)
            _ = try await staying.endpoint()
            _ = try await dying.endpoint()

            dying.kill()
            killed.kill()
            _ = try await Self.departure(of: "dying", seenBy: watcher)
            _ = try await staying.errorLine(containing: "killed is dead")
            _ = try await staying.errorLine(containing: "dying is dead")
        }
    }

    // MARK: What is the same for all

    /// Runs a test's body, or skips it when there is no Python with the peer's packages.
    static func run(_ body: (ProcessHarness) async throws -> Void) async throws {
        try await ProcessHarness.run { harness in
            let check = try harness.start(Self.script, ["--help"])
            guard try await check.exit() == .code(0) else {
                let comment =
                    "SKIPPED: the Python peer can't run here: \(check.errors.elements.joined(separator: "\n"))"
                print(comment)
                try Test.cancel(Comment(rawValue: comment))
            }
            try await body(harness)
        }
    }

    private static func coordinator(_ harness: ProcessHarness) async throws -> String {
        try await harness.weft("coordinator", "--bind", anyPort, "--ledger", "memory").endpoint()
    }

    private static func peer(
        _ harness: ProcessHarness, _ arguments: String..., input: TestInput = .none
    ) throws -> TestProcess {
        try harness.start(Self.script, arguments, input: input)
    }

    /// A Python peer that is the first node of a mesh.
    private static func first(
        _ harness: ProcessHarness, _ arguments: String..., input: TestInput = .none
    ) throws -> TestProcess {
        let endpoint = "tcp://127.0.0.1:\(try ProcessHarness.freePorts(2))"
        return try harness.start(Self.script, arguments + ["--bind", endpoint, "--join", endpoint], input: input)
    }

    static func ticks(_ who: String, _ count: Int, _ padding: String = "") -> String {
        (1...count).map { "tick:\(who) \($0) \"\(padding)\"\n" }.joined()
    }

    /// Each of an emitter's events once, in its order, and no gap.
    static func expectTicks(_ who: String, _ count: Int, in lines: [String]) throws {
        let events = try lines.map { try Value(json: $0) }
        let ticks = events.filter { $0["name"] == .string("tick:\(who)") }
        #expect(ticks.map { $0["arguments"]?[0]?.intValue } == (1...Int64(count)).map { $0 })
        #expect(ticks.map { $0["sequence"]?.intValue } == (1...Int64(count)).map { $0 })
        #expect(!events.contains { $0["name"] == "weft:gap" })
    }

    /// Waits until a node has logged that another one is gone.
    private static func departure(
        of name: String, seenBy watcher: TestProcess, within limit: Duration = .seconds(60)
    ) async throws -> String {
        try await watcher.errors.first(within: limit) { $0.contains("peer left") && $0.contains("=\(name)") }
    }
}
