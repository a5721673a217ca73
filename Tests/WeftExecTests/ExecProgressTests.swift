// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking
import Testing
import Weft
import WeftProtocol
import WeftValue

@testable import WeftExec

/// What programs report on descriptor 3.
@Suite(.timeLimit(.minutes(3)))
struct ExecProgressTests {
    private static func run(
        _ command: String, maximumLine: Int? = nil
    ) async -> (outcome: TaskOutcome, progress: [Value], counters: ExecCounters) {
        var configuration = ExecConfiguration(command: command)
        if let maximumLine { configuration.maximumProgressLine = maximumLine }
        let request = TaskRequest(id: "t-1", source: .submit, payload: "x")
        let reported = Locked<[Value]>([])
        let runner = ExecRunner(configuration)
        let outcome = await runner.run(
            request, context: TaskContext(request: request) { value in reported.withLock { $0.append(value) } })
        return (outcome, reported.withLock { $0 }, runner.counters)
    }

    @Test(arguments: [
        (#"echo '{"percent": 50}' >&3"#, ["percent": 50] as Value), ("echo half way >&3", "half way"),
        ("echo 50 >&3", 50), ("printf 'no end' >&3", "no end"), (#"printf 'a\r\n' >&3"#, "a"),
        (#"printf 'x\377y\n' >&3"#, "x\u{FFFD}y"), ("echo '{\"percent\":' >&3", "{\"percent\":"),
    ])
    func aLineIsJSONOrElseText(command: String, value: Value) async {
        let (outcome, progress, _) = await Self.run("\(command); echo done")
        #expect(outcome == .completed(TaskResult("done")))
        #expect(progress == [value])
    }

    @Test func emptyLinesAreNothing() async {
        #expect(await Self.run(#"printf '\n  \n\r\n' >&3"#).progress.isEmpty)
    }

    @Test func aProgramThatClosesTheDescriptorLosesNothing() async {
        let (outcome, progress, counters) = await Self.run("exec 3>&-; echo done")
        #expect(outcome == .completed(TaskResult("done")))
        #expect(progress.isEmpty)
        #expect(counters == ExecCounters())
    }

    @Test func aFloodIsCoalescedAndCounted() async {
        let (outcome, progress, counters) = await Self.run("seq 1 200000 >&3; echo done")
        #expect(outcome == .completed(TaskResult("done")))
        #expect(progress.last == 200_000)
        #expect(counters.progressLines == 200_000)
        #expect(counters.progressCoalesced + progress.count == 200_000)
        // Far fewer than there were lines: at most one for each piece that was read.
        #expect(progress.count < 50_000)
    }

    @Test func aLineThatIsTooLongIsDroppedAndCountedAndTheNextOneCounts() async {
        let (_, progress, counters) = await Self.run(
            "head -c 100000 /dev/zero | tr '\\0' x >&3; echo >&3; echo short >&3", maximumLine: 1000)
        #expect(progress == ["short"])
        #expect(counters.progressTooLong == 1)
    }
}
