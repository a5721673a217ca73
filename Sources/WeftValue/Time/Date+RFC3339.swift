// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials

extension Date {
    /// The moment as RFC 3339 text in UTC with microseconds: `2026-01-31T23:59:59.000001Z`.
    ///
    /// RFC 3339 has years 0 to 9999; moments outside become the nearest one inside.
    public var rfc3339Microseconds: String {
        let microseconds = self.microsecondsSince1970
        var days = microseconds / 86_400_000_000
        var rest = microseconds % 86_400_000_000
        if rest < 0 {
            rest += 86_400_000_000
            days -= 1
        }
        let (year, month, day) = Self.civil(fromDays: days)
        var text = [UInt8]()
        text.reserveCapacity(27)
        func append(_ number: Int64, digits: Int) {
            var divisor: Int64 = 1
            for _ in 1..<digits { divisor *= 10 }
            while divisor > 0 {
                text.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / divisor % 10))
                divisor /= 10
            }
        }
        append(year, digits: 4)
        text.append(UInt8(ascii: "-"))
        append(month, digits: 2)
        text.append(UInt8(ascii: "-"))
        append(day, digits: 2)
        text.append(UInt8(ascii: "T"))
        append(rest / 3_600_000_000, digits: 2)
        text.append(UInt8(ascii: ":"))
        append(rest / 60_000_000 % 60, digits: 2)
        text.append(UInt8(ascii: ":"))
        append(rest / 1_000_000 % 60, digits: 2)
        text.append(UInt8(ascii: "."))
        append(rest % 1_000_000, digits: 6)
        text.append(UInt8(ascii: "Z"))
        return String(decoding: text, as: UTF8.self)
    }

    /// A moment from RFC 3339 text with any offset and any number of digits in the fraction; nil for anything else.
    public init?(rfc3339 text: String) {
        var parser = RFC3339Parser(text)
        guard let date = parser.parse() else { return nil }
        self = date
    }

    /// Whole microseconds since 1970, to the nearest one, within the years 0 to 9999.
    public var microsecondsSince1970: Int64 {
        let earliest: Int64 = -62_167_219_200_000_000
        let latest: Int64 = 253_402_300_799_999_999
        // The reference date's seconds are whole, so the fraction keeps all its bits this way.
        let interval = self.timeIntervalSinceReferenceDate
        guard interval > -64_000_000_000 else { return earliest }  // NaN comes here too
        guard interval < 253_000_000_000 else { return latest }
        let seconds = interval.rounded(.down)
        let fraction = Int64(((interval - seconds) * 1_000_000).rounded())
        let total = (Int64(seconds) + Int64(Date.timeIntervalBetween1970AndReferenceDate)) * 1_000_000 + fraction
        return min(max(total, earliest), latest)
    }

    /// A moment from whole microseconds since 1970.
    public init(microsecondsSince1970 microseconds: Int64) {
        let (seconds, rest) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        self.init(
            timeIntervalSinceReferenceDate: Double(seconds - Int64(Date.timeIntervalBetween1970AndReferenceDate))
                + Double(rest) / 1_000_000)
    }

    /// Year, month and day of a count of days since 1970 (the Gregorian calendar, also before its introduction).
    private static func civil(fromDays days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        // Years start in March, so that the leap day is the last one; eras of 400 years are all alike.
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (
            yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        )
    }
}
