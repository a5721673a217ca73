// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// Reads the one form of time that RFC 3339 allows.
struct RFC3339Parser {
    private let text: [UInt8]
    private var position = 0

    init(_ text: String) {
        self.text = Array(text.utf8.prefix(64))
    }

    mutating func parse() -> Date? {
        guard let year = self.number(4), self.take("-"), let month = self.number(2), self.take("-"),
            let day = self.number(2), self.take("T") || self.take("t") || self.take(" "),
            let hour = self.number(2), self.take(":"), let minute = self.number(2), self.take(":"),
            let second = self.number(2), (1...12).contains(month),
            (1...Self.daysIn(month: month, year: year)).contains(day), hour < 24, minute < 60, second <= 60
        else { return nil }
        var fraction = 0.0
        if self.take(".") {
            var digits = 0
            var divisor = 1.0
            while let digit = self.number(1) {
                digits += 1
                divisor *= 10
                fraction += Double(digit) / divisor
            }
            guard digits > 0 else { return nil }
        }
        var offset: Int64 = 0
        if !(self.take("Z") || self.take("z")) {
            let sign: Int64 = self.take("-") ? -1 : 1
            guard sign < 0 || self.take("+"), let hours = self.number(2), self.take(":"),
                let minutes = self.number(2), hours < 24, minutes < 60
            else { return nil }
            offset = sign * (hours * 3600 + minutes * 60)
        }
        guard self.position == self.text.count else { return nil }
        let seconds =
            Self.days(year: year, month: month, day: day) * 86_400 + hour * 3600 + minute * 60 + second - offset
        return Date(
            timeIntervalSinceReferenceDate: Double(seconds - Int64(Date.timeIntervalBetween1970AndReferenceDate))
                + fraction)
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard self.position < self.text.count, self.text[self.position] == UInt8(ascii: character) else { return false }
        self.position += 1
        return true
    }

    private mutating func number(_ digits: Int) -> Int64? {
        guard self.position + digits <= self.text.count else { return nil }
        var number: Int64 = 0
        for byte in self.text[self.position..<self.position + digits] {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            number = number * 10 + Int64(byte - UInt8(ascii: "0"))
        }
        self.position += digits
        return number
    }

    private static func daysIn(month: Int64, year: Int64) -> Int64 {
        switch month {
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days since 1970; see `Date.civil(fromDays:)` for the way back.
    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}
