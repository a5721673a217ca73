// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Columns of text, each as wide as its widest cell.
struct TextTable {
    private var rows: [[String]]

    init(header: [String]) {
        self.rows = [header]
    }

    var isEmpty: Bool { self.rows.count < 2 }

    mutating func add(_ row: [String]) {
        self.rows.append(row.map { Terminal.safe($0, limit: 80) })
    }

    /// The rows as lines, indented by two blanks.
    var lines: [String] { self.lines(fitting: nil) }

    /// The rows as lines, indented by two blanks.
    ///
    /// - Parameter columns: How long a line may be: the widest columns are narrowed until it fits, as far as their headers
    ///   allow; nil for as long as it takes.
    func lines(fitting columns: Int?) -> [String] {
        let widths = self.widths(fitting: columns)
        return self.rows.map { row in
            let cells = row.enumerated().map { index, cell in
                let text = cell.count <= widths[index] ? cell : cell.prefix(max(1, widths[index] - 1)) + "…"
                return index == row.count - 1 ? text : text + String(repeating: " ", count: widths[index] - text.count)
            }
            var line = "  " + cells.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line
        }
    }

    private func widths(fitting columns: Int?) -> [Int] {
        let count = self.rows.map(\.count).max() ?? 0
        var widths = (0..<count).map { column in
            self.rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        guard let columns, let header = self.rows.first else { return widths }
        let least = (0..<count).map { min(widths[$0], max(8, $0 < header.count ? header[$0].count : 0)) }
        var excess = 2 * count + widths.reduce(0, +) - columns
        while excess > 0 {
            let candidates = (0..<count).filter { widths[$0] > least[$0] }
            guard let widest = candidates.max(by: { widths[$0] < widths[$1] }) else { break }
            widths[widest] -= 1
            excess -= 1
        }
        return widths
    }
}
