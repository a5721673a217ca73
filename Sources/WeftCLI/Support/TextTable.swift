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
    var lines: [String] {
        let columns = self.rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in
            self.rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        return self.rows.map { row in
            let cells = row.enumerated().map { index, cell in
                index == row.count - 1 ? cell : cell + String(repeating: " ", count: widths[index] - cell.count)
            }
            return "  " + cells.joined(separator: "  ")
        }
    }
}
