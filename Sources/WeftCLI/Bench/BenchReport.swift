// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import WeftValue

/// What a run of `weft bench` found.
struct BenchReport {
    /// Which measurement it was.
    var bench: String
    /// What it was told.
    var settings: [String: Value]
    /// What was measured.
    var rows: [BenchRow]

    /// The report as one JSON object.
    var json: String {
        let report: Value = [
            "bench": .string(self.bench), "settings": .object(self.settings), "machine": Machine.current.value,
            "rows": .array(self.rows.map(\.value)),
        ]
        return report.json()
    }

    /// The report as a table.
    var table: String {
        let head = ["", "per second", "p50 µs", "p99 µs", "p99.9 µs", "ratio"]
        var lines = [head]
        for row in self.rows {
            lines.append([
                row.name, Self.count(row.perSecond), Self.time(row.times?.p50), Self.time(row.times?.p99),
                Self.time(row.times?.p999), row.ratio.map { Self.decimals($0, 2) } ?? "",
            ])
            if row.baselinePerSecond != nil || row.baselineTimes != nil {
                lines.append([
                    "  " + row.baselineName, Self.count(row.baselinePerSecond), Self.time(row.baselineTimes?.p50),
                    Self.time(row.baselineTimes?.p99), Self.time(row.baselineTimes?.p999), "",
                ])
            }
            for more in row.moreBaselines {
                lines.append(["  " + more.name, Self.count(more.perSecond), "", "", "", ""])
            }
            for detail in row.details {
                let name = detail.name.replacing("_", with: " ")
                lines.append(["  " + name, Self.decimals(detail.value, 1), "", "", "", ""])
            }
        }
        var widths = [Int](repeating: 0, count: head.count)
        for line in lines {
            for (column, cell) in line.enumerated() { widths[column] = max(widths[column], cell.count) }
        }
        let body = lines.map { line in
            line.enumerated().map { column, cell in
                let fill = String(repeating: " ", count: widths[column] - cell.count)
                return column == 0 ? cell + fill : fill + cell
            }.joined(separator: "  ").trimmedEnd
        }
        let settings = self.settings.keys.sorted().map { "\($0) \(self.settings[$0]?.json() ?? "")" }
        return """
            weft bench \(self.bench) (\(settings.joined(separator: ", ")))
            \(Machine.current.line)

            \(body.joined(separator: "\n"))\(Self.warning)
            """
    }

    /// Of each row with times: ever closer percentiles, and the times that they stay within.
    var distribution: String {
        self.rows.compactMap { row in
            guard let times = row.times else { return nil }
            let lines = times.percentiles.map { percentile, time in
                let name = Self.decimals(percentile, 4)
                let shown = Self.time(time)
                return String(repeating: " ", count: max(0, 10 - name.count)) + name + " %"
                    + String(repeating: " ", count: max(0, 14 - shown.count)) + shown + " µs"
            }
            return "\n\n\(row.name), of \(times.count)\n" + lines.joined(separator: "\n")
        }.joined()
    }

    private static var warning: String {
        #if DEBUG
            "\n\nThis is a debug build: its figures say nothing about a release build."
        #else
            ""
        #endif
    }

    private static func count(_ value: Double?) -> String {
        guard let value else { return "" }
        let digits = String(Int64(exactly: max(0, value).rounded()) ?? .max)
        var grouped = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { grouped.append(",") }
            grouped.append(digit)
        }
        return grouped
    }

    private static func time(_ value: Double?) -> String { value.map { decimals($0, 1) } ?? "" }

    private static func decimals(_ value: Double, _ places: Int) -> String {
        var scale = 1
        for _ in 0..<places { scale *= 10 }
        let scaled = Int64(exactly: max(0, value * Double(scale)).rounded()) ?? .max
        let fraction = String(scaled % Int64(scale))
        return "\(scaled / Int64(scale))." + String(repeating: "0", count: places - fraction.count) + fraction
    }
}

extension String {
    fileprivate var trimmedEnd: String {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }
}
