// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing

@testable import WeftCLI

/// Durations and moments as people type them, tables, and the line of progress.
struct ArgumentTests {
    @Test(arguments: [
        ("500ms", Duration.milliseconds(500)), ("15s", .seconds(15)), ("5m", .seconds(300)), ("2h", .seconds(7200)),
        ("7d", .seconds(604_800)), ("30", .seconds(30)), ("0.25", .milliseconds(250)), ("1.5h", .seconds(5400)),
        ("0", .zero),
    ])
    func durationsAreReadInTheirUnits(text: String, duration: Duration) {
        #expect(DurationArgument(argument: text)?.duration == duration)
    }

    @Test(arguments: ["", "s", "-5s", "5 s", "5x", "nan", "inf", "0x10", "1e3", "1.2.3s", "99999999999d", "5ms5"])
    func whatIsNoDurationIsRefused(text: String) {
        #expect(DurationArgument(argument: text) == nil)
    }

    @Test(arguments: ["250ms", "15s", "90s", "5m", "2h", "7d", "1.5h"])
    func aDurationIsPrintedAsItCanBeTyped(text: String) throws {
        let duration = try #require(DurationArgument(argument: text)).duration
        #expect(DurationArgument(argument: duration.brief)?.duration == duration)
    }

    @Test func momentsAreDatesOrSpansFromNow() throws {
        let now = Date(timeIntervalSince1970: 1_000_000)
        #expect(TimeArgument(argument: "10m")?.date(from: now) == now.addingTimeInterval(600))
        #expect(TimeArgument(argument: "10m")?.date(before: now) == now.addingTimeInterval(-600))
        let date = try #require(TimeArgument(argument: "2026-01-02T03:04:05Z"))
        #expect(date.date(from: now) == date.date(before: now))
        #expect(TimeArgument(argument: "tomorrow") == nil)
    }

    @Test(arguments: [(5.0, "5s ago"), (200, "3m ago"), (7300, "2h ago"), (400_000, "4d ago"), (-90, "in 1m")])
    func agesAreSaidInOneUnit(seconds: Double, text: String) {
        let now = Date(timeIntervalSince1970: 1_000_000)
        #expect(now.addingTimeInterval(-seconds).age(at: now) == text)
    }

    @Test func aTableFitsTheTerminalByItsWidestColumns() {
        var table = TextTable(header: ["ID", "STATE", "NOTE"])
        table.add(["0123456789-0123456789", "dead", String(repeating: "x", count: 70)])
        #expect(table.lines(fitting: nil)[1].count > 90)
        for columns in [40, 60, 80] {
            let lines = table.lines(fitting: columns)
            #expect(lines.allSatisfy { $0.count <= columns })
            #expect(lines[1].contains("…"))
            #expect(lines[1].contains("dead"))
        }
        // Nothing readable fits into this, and nothing is lost for it.
        #expect(table.lines(fitting: 5).count == 2)
    }

    @Test func theLineOfProgressSaysHowManyAndHowLong() {
        var counts = SubmitCounts()
        counts.done = 50
        counts.failed = 2
        counts.awaited = 8
        #expect(counts.line(after: 10, fitting: 80) == "50 done, 2 failed, 8 running  5.2/s")
        counts.total = 104
        let line = counts.line(after: 10, fitting: 80)
        #expect(line.hasPrefix("[") && line.contains("50%") && line.contains("10s left"))
        for columns in [1, 10, 20, 40, 200] { #expect(counts.line(after: 10, fitting: columns).count <= columns) }
        counts.done = 102
        #expect(counts.line(after: 20, fitting: 80).contains("100%"))
        #expect(SubmitCounts(total: 0).line(after: 0, fitting: 80).contains("100%"))
    }
}
