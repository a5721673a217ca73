// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing
import WeftValue

struct DateTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000000Z"), (1, "1970-01-01T00:00:00.000001Z"),
        (-1, "1969-12-31T23:59:59.999999Z"), (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
        (1_767_225_599_999_999, "2025-12-31T23:59:59.999999Z"),
        (-62_135_596_800_000_000, "0001-01-01T00:00:00.000000Z"),
        (253_402_300_799_000_000, "9999-12-31T23:59:59.000000Z"),
    ])
    func microsecondsAndTextAgree(microseconds: Int64, text: String) throws {
        let date = Date(microsecondsSince1970: microseconds)
        #expect(date.rfc3339Microseconds == text)
        #expect(date.microsecondsSince1970 == microseconds)
        #expect(try #require(Date(rfc3339: text)).microsecondsSince1970 == microseconds)
    }

    @Test func everyMicrosecondOfNowSurvives() {
        var chance = SplitMix(state: 2)
        for _ in 0..<10_000 {
            let microseconds = Int64.random(in: 1_700_000_000_000_000...1_900_000_000_000_000, using: &chance)
            let date = Date(microsecondsSince1970: microseconds)
            #expect(date.microsecondsSince1970 == microseconds)
            #expect(Date(rfc3339: date.rfc3339Microseconds)?.microsecondsSince1970 == microseconds)
        }
    }

    @Test(arguments: [
        ("2026-01-31t12:00:00z", "2026-01-31T12:00:00.000000Z"),
        ("2026-01-31 12:00:00.5Z", "2026-01-31T12:00:00.500000Z"),
        ("2026-01-31T12:00:00+02:00", "2026-01-31T10:00:00.000000Z"),
        ("2026-01-31T12:00:00-23:30", "2026-02-01T11:30:00.000000Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000000Z"),
    ])
    func otherFormsAreRead(text: String, canonical: String) {
        #expect(Date(rfc3339: text)?.rfc3339Microseconds == canonical)
    }

    @Test(arguments: [
        "", "2026", "2026-01-31", "2026-01-31T12:00:00", "2026-02-30T12:00:00Z", "2026-13-01T12:00:00Z",
        "2026-01-31T24:00:00Z", "2026-01-31T12:60:00Z", "2026-01-31T12:00:00.Z", "2026-01-31T12:00:00Zx",
        "2025-02-29T00:00:00Z", "2026-01-31T12:00:00+2:00", "+026-01-31T12:00:00Z",
    ])
    func whatIsNotRFC3339IsRefused(text: String) {
        #expect(Date(rfc3339: text) == nil)
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity, 1e300, -1e300])
    func impossibleMomentsAreBounded(interval: Double) throws {
        let date = Date(timeIntervalSinceReferenceDate: interval)
        #expect(date.rfc3339Microseconds.count == 27)
        var writer = MessagePackWriter()
        writer.write(date)
        var reader = MessagePackReader(writer.bytes)
        _ = try reader.readDate()
    }
}
