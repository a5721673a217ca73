// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import WeftValue

/// A moment as people write it: a date and time (RFC 3339), or a span of time from now or before it.
struct TimeArgument: Hashable, Sendable, ExpressibleByArgument {
    private enum Base: Hashable {
        case date(Date)
        case span(Duration)
    }

    private let base: Base

    init?(argument: String) {
        if let date = Date(rfc3339: argument) {
            self.base = .date(date)
        } else if let span = DurationArgument(argument: argument) {
            self.base = .span(span.duration)
        } else {
            return nil
        }
    }

    /// The moment, when a span lies ahead.
    func date(from now: Date) -> Date { self.date(now, 1) }

    /// The moment, when a span has passed.
    func date(before now: Date) -> Date { self.date(now, -1) }

    private func date(_ now: Date, _ sign: Double) -> Date {
        switch self.base {
        case .date(let date): date
        case .span(let span): now.addingTimeInterval(sign * (span / .seconds(1)))
        }
    }
}

extension Date {
    /// How long ago, or how soon, for people: `3m ago`, `in 5s`.
    func age(at now: Date) -> String {
        let seconds = now.timeIntervalSince(self)
        guard abs(seconds) < 1e11 else { return self.rfc3339Microseconds }
        let (count, unit): (Double, String) =
            switch abs(seconds) {
            case ..<60: (abs(seconds), "s")
            case ..<3600: (abs(seconds) / 60, "m")
            case ..<172_800: (abs(seconds) / 3600, "h")
            default: (abs(seconds) / 86_400, "d")
            }
        let text = "\(Int(count))\(unit)"
        return seconds < -0.5 ? "in \(text)" : "\(text) ago"
    }
}
