// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// A span of time as people write it, on the command line and in files: `500ms`, `15s`, `5m`, `2h`, `7d`.
///
/// A plain number is seconds. There is no other reader of durations in the command.
struct DurationArgument: Hashable, Sendable, ExpressibleByArgument {
    /// The longest that is taken: ten years, which everything that counts time can hold.
    static let longest = Duration.seconds(3650 * 86_400)
    /// How to write one, for messages.
    static let forms = "such as 500ms, 15s, 5m, 2h or 7d"

    private static let units: [(suffix: String, seconds: Double)] = [
        ("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("d", 86_400), ("", 1),
    ]

    /// The span.
    let duration: Duration

    init(_ duration: Duration) {
        self.duration = duration
    }

    init?(argument: String) {
        guard let unit = Self.units.first(where: { argument.hasSuffix($0.suffix) }) else { return nil }
        let digits = argument.dropLast(unit.suffix.count)
        // Only digits and a point: `Double` would also take "nan", "0x10" and "1e300".
        guard digits.utf8.allSatisfy({ (48...57).contains($0) || $0 == 46 }), let number = Double(String(digits)),
            number * unit.seconds <= Double(Self.longest.components.seconds)
        else { return nil }
        // Whole milliseconds stay whole.
        let milliseconds = (number * unit.seconds * 1000).rounded(.toNearestOrEven)
        let isWhole = milliseconds >= 1
        self.duration = isWhole ? .milliseconds(Int64(milliseconds)) : .seconds(number * unit.seconds)
    }

    var defaultValueDescription: String { self.duration.brief }
}

extension Duration {
    /// The span in its largest fitting units, as it can be typed: `250ms`, `15s`, `1h`, and rounded to one decimal.
    var brief: String {
        let seconds = self / .seconds(1)
        func text(_ value: Double, _ unit: String) -> String {
            let tenths = (value * 10).rounded()
            guard let whole = Int64(exactly: (tenths / 10).rounded(.towardZero)) else { return "\(value)\(unit)" }
            let rest = Int64(exactly: tenths).map { abs($0 % 10) } ?? 0
            return rest == 0 ? "\(whole)\(unit)" : "\(whole).\(rest)\(unit)"
        }
        switch abs(seconds) {
        case ..<0.9995: return text(seconds * 1000, "ms")
        case ..<99.95: return text(seconds, "s")
        case ..<5_995: return text(seconds / 60, "m")
        case ..<172_000: return text(seconds / 3600, "h")
        default: return text(seconds / 86_400, "d")
        }
    }
}
