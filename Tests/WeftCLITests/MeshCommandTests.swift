// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing
import WeftTestKit
import WeftValue

/// `emit` and `listen`, as processes that join a coordinator.
struct MeshCommandTests {
    private static func coordinator(_ harness: ProcessHarness) async throws -> String {
        let port = try ProcessHarness.freePorts()
        let process = try harness.weft(
            "coordinator", "--bind", "tcp://127.0.0.1:\(port)", "--ledger", "memory")
        let endpoint = try await process.endpoint()
        #expect(endpoint == "tcp://127.0.0.1:\(port)")
        return endpoint
    }

    @Test func bothListenersPrintAnEventOnceInTheDocumentedForm() async throws {
        try await ProcessHarness.run { harness in
            let endpoint = try await Self.coordinator(harness)
            let listeners = try (0..<2).map { _ in
                try harness.weft("listen", "order:*", "--json", "--join", endpoint)
            }
            for listener in listeners { _ = try await listener.errorLine(containing: ": ready") }
            let emitter = try harness.weft("emit", "order:created", #""o-1""#, #"{"total":42}"#, "--join", endpoint)
            try await emitter.exit(expecting: .code(0))
            #expect(emitter.output.elements == ["1 event emitted, confirmed by 3 of 3 peers"])
            for listener in listeners {
                let line = try await listener.line(containing: "order:created")
                let event = try Value(json: line)
                #expect(event["name"] == "order:created")
                #expect(event["arguments"] == ["o-1", ["total": 42]])
                #expect(event["sequence"] == 1)
                let origin = try #require(event["origin"]?.stringValue)
                #expect(origin.count == 32 && origin.allSatisfy { $0.isHexDigit && !$0.isUppercase })
                let time = try #require(event["time"]?.stringValue)
                #expect(time.count == "2026-01-01T00:00:00.000000Z".count && time.hasSuffix("Z"))
                let date = try #require(Date(rfc3339: time))
                #expect(abs(date.timeIntervalSinceNow) < 120)
                listener.interrupt()
                try await listener.exit(expecting: .code(130))
                #expect(listener.output.count == 1)
            }
        }
    }

    @Test func aHundredThousandEventsReachThreeListenersInOrder() async throws {
        try await ProcessHarness.run { harness in
            let endpoint = try await Self.coordinator(harness)
            let count = 100_000
            let listeners = try (0..<3).map { _ in
                try harness.weft("listen", "tick", "--json", "--join", endpoint)
            }
            for listener in listeners { _ = try await listener.errorLine(containing: ": ready") }
            let lines = (1...count).map { "tick \($0)\n" }.joined()
            let emitter = try harness.weft("emit", "-", "--expect", "4", "--join", endpoint, input: .text(lines))
            try await emitter.exit(expecting: .code(0), within: .seconds(200))
            #expect(emitter.output.elements == ["\(count) events emitted, confirmed by 4 of 4 peers"])
            for listener in listeners {
                _ = try await listener.output.prefix(count, within: .seconds(60))
                listener.interrupt()
                try await listener.exit(expecting: .code(130))
                #expect(listener.output.count == count)
                var expected = 1
                for line in listener.output.elements {
                    guard line.contains("\"arguments\":[\(expected)],"), line.contains("\"sequence\":\(expected),")
                    else {
                        Issue.record("line \(expected) is \(line)")
                        break
                    }
                    expected += 1
                }
            }
        }
    }

    @Test func badLinesAreReportedByNumberAndTheRestGoesOn() async throws {
        try await ProcessHarness.run { harness in
            let endpoint = try await Self.coordinator(harness)
            let listener = try harness.weft("listen", "--json", "--join", endpoint)
            _ = try await listener.errorLine(containing: ": ready")
            let input = """
                a:1 1
                a:2 not-json

                {"name": "a:3", "arguments": [3]}
                {"arguments": []}
                weft:mine 1
                a:4 "four"
                """
            let emitter = try harness.weft("emit", "-", "--join", endpoint, input: .text(input))
            try await emitter.exit(expecting: .code(65))
            #expect(emitter.output.elements == ["3 events emitted, confirmed by 2 of 2 peers"])
            let complaints = emitter.errors.elements.filter { $0.contains("line ") }
            #expect(complaints.count == 3)
            for (number, complaint) in zip([2, 5, 6], complaints) { #expect(complaint.contains("line \(number):")) }
            let names = try await listener.output.prefix(3).map { try Value(json: $0)["name"] }
            #expect(names == ["a:1", "a:3", "a:4"])
        }
    }

    @Test func anEventThatIsTooLargeIsRefusedWithTheLimit() async throws {
        try await ProcessHarness.run { harness in
            let endpoint = try await Self.coordinator(harness)
            let input = "big \"\(String(repeating: "a", count: 1 << 20))\"\nsmall 1\n"
            let emitter = try harness.weft("emit", "-", "--join", endpoint, input: .text(input))
            try await emitter.exit(expecting: .code(65))
            #expect(emitter.output.elements == ["1 event emitted, confirmed by 1 of 1 peer"])
            _ = try await emitter.errorLine(containing: "line 1: the event has 10")
            _ = try await emitter.errorLine(containing: "an event may have 1048576 at most")
            _ = try await emitter.errorLine(containing: "weft: 1 line was not emitted")
        }
    }

    @Test func tooFewPeersFailTheEmitter() async throws {
        try await ProcessHarness.run { harness in
            let endpoint = try await Self.coordinator(harness)
            let emitter = try harness.weft("emit", "lonely", "--expect", "2", "--json", "--join", endpoint)
            try await emitter.exit(expecting: .code(1))
            let report = try Value(json: try #require(emitter.output.elements.first))
            #expect(report["emitted"] == 1)
            #expect(report["confirmed"] == 1)
            #expect(report["peers"]?[0]?["outcome"] == "confirmed")
        }
    }

    @Test func listenersThatEndWithTheLastEventHaveConfirmedIt() async throws {
        try await ProcessHarness.run { harness in
            let endpoint = try await Self.coordinator(harness)
            let listeners = try (0..<3).map { _ in
                try harness.weft("listen", "tick", "--count", "1000", "--join", endpoint)
            }
            for listener in listeners { _ = try await listener.errorLine(containing: ": ready") }
            let lines = (1...1000).map { "tick \($0)\n" }.joined()
            let emitter = try harness.weft("emit", "-", "--expect", "4", "--join", endpoint, input: .text(lines))
            try await emitter.exit(expecting: .code(0))
            for listener in listeners {
                try await listener.exit(expecting: .code(0))
                #expect(listener.output.count == 1000)
            }
        }
    }

    @Test func anArgumentThatIsNotJSONGetsAHintAndNothingIsJoined() async throws {
        try await ProcessHarness.run { harness in
            let emitter = try harness.weft("emit", "order:created", "o-1", "--join", "tcp://127.0.0.1:9")
            try await emitter.exit(expecting: .code(65))
            _ = try await emitter.errorLine(containing: #"'"o-1"'"#)
        }
    }

    @Test func listeningEndsWithTheTimeOrTheCount() async throws {
        try await ProcessHarness.run { harness in
            let endpoint = try await Self.coordinator(harness)
            let listener = try harness.weft("listen", "--timeout", "0.5", "--count", "1", "--join", endpoint)
            try await listener.exit(expecting: .code(124))
            #expect(listener.output.elements.isEmpty)
        }
    }

    @Test func whoeverListensForAShortTimeWaitsNoLongerForTheMesh() async throws {
        try await ProcessHarness.run { harness in
            let port = try ProcessHarness.freePorts(1)
            let listener = try harness.weft("listen", "--timeout", "2", "--join", "tcp://127.0.0.1:\(port)")
            // A join without a limit of its own takes ten.
            let patient = try harness.weft("listen", "--join", "tcp://127.0.0.1:\(port)")
            try await listener.exit(expecting: .code(69))
            #expect(patient.isRunning)
            try await patient.exit(expecting: .code(69))
        }
    }

    @Test func unreachableSeedsAndEndpointsThatAreNoneAreDifferentMistakes() async throws {
        try await ProcessHarness.run { harness in
            let port = try ProcessHarness.freePorts(1)
            let lost = try harness.weft("emit", "a", environment: ["WEFT_JOIN": "tcp://127.0.0.1:\(port)"])
            let nonsense = try harness.weft("emit", "a", "--join", "somewhere")
            try await nonsense.exit(expecting: .code(78))
            try await lost.exit(expecting: .code(69))
            _ = try await lost.errorLine(containing: "\(port)")
        }
    }

    @Test func aReaderWhoClosesThePipeEndsTheListenerQuietly() async throws {
        try await ProcessHarness.run { harness in
            let endpoint = try await Self.coordinator(harness)
            let weft = try ProcessHarness.weftPath()
            let pipe = try harness.start(
                "/bin/bash",
                [
                    "-c",
                    "set -o pipefail; \(weft) listen --json --join \(endpoint) | head -1; echo statuses ${PIPESTATUS[@]}",
                ])
            _ = try await pipe.errorLine(containing: ": ready")
            let emitter = try harness.weft("emit", "one", "1", "--join", endpoint)
            try await emitter.exit(expecting: .code(0))
            try await pipe.exit(expecting: .code(0))
            #expect(pipe.output.elements.last == "statuses 0 0")
            #expect(pipe.output.count == 2)
            #expect(pipe.errors.count == 1)
        }
    }

    @Test func anEmitterEmitsAlsoWhenNobodyReadsWhatItPrints() async throws {
        try await ProcessHarness.run { harness in
            let endpoint = try await Self.coordinator(harness)
            let listener = try harness.weft("listen", "--join", endpoint)
            _ = try await listener.errorLine(containing: ": ready")
            let weft = try ProcessHarness.weftPath()
            for redirection in [">&-", "<&- >&- 2>&-", "| true"] {
                let emitter = try harness.start(
                    "/bin/bash", ["-c", "set -o pipefail; \(weft) emit a 1 --join \(endpoint) \(redirection)"])
                try await emitter.exit(expecting: .code(0))
            }
            _ = try await listener.output.prefix(3)
        }
    }

    @Test func aReaderWhoStopsReadingHoldsNobodyUp() async throws {
        try await ProcessHarness.run { harness in
            let endpoint = try await Self.coordinator(harness)
            let weft = try ProcessHarness.weftPath()
            let stopped = try harness.start(
                "/bin/sh", ["-c", "\(weft) listen --json --join \(endpoint) | sleep 600"])
            _ = try await stopped.errorLine(containing: ": ready")
            let reading = try harness.weft("listen", "--json", "--join", endpoint)
            _ = try await reading.errorLine(containing: ": ready")
            let lines = (1...5000).map { "tick \($0)\n" }.joined()
            let emitter = try harness.weft("emit", "-", "--expect", "3", "--join", endpoint, input: .text(lines))
            try await emitter.exit(expecting: .code(0))
            _ = try await reading.output.prefix(5000)
        }
    }

    @Test func aLateListenerCanAskForHistory() async throws {
        try await ProcessHarness.run { harness in
            let endpoint = try await Self.coordinator(harness)
            let emitter = try harness.weft("emit", "-", "--join", endpoint, input: .text("old 1\nold 2\nold 3\n"))
            try await emitter.exit(expecting: .code(0))
            let late = try harness.weft("listen", "old", "--json", "--history", "--count", "3", "--join", endpoint)
            try await late.exit(expecting: .code(0))
            #expect(try late.output.elements.map { try Value(json: $0)["arguments"] } == [[1], [2], [3]])
        }
    }
}
