// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftProtocol

/// How far a run of `weft submit -` has come.
struct SubmitCounts: Hashable, Sendable {
    /// Lines handed to the coordinator that it has not answered yet.
    var asked = 0
    /// Tasks that it has accepted.
    var accepted = 0
    /// Tasks whose end is waited for.
    var awaited = 0
    /// Tasks that are done with: accepted or, with `--wait`, ended well.
    var done = 0
    /// Lines that were not taken, and tasks that ended badly.
    var failed = 0
    /// How many lines there are; nil while the input has not ended.
    var total: Int?
    /// How much of the input has been read, from 0 to 1; nil when nobody knows how much there is.
    var fraction: Double?

    /// The counts as one line.
    ///
    /// - Parameters:
    ///   - seconds: Since when the run lasts.
    ///   - columns: How long the line may be.
    func line(after seconds: Double, fitting columns: Int) -> String {
        let ended = self.done + self.failed
        var share = self.fraction
        if let total = self.total { share = total == 0 ? 1 : Double(ended) / Double(total) }
        let rate = seconds > 0 ? Double(ended) / seconds : 0
        var text = "\(self.done) done"
        if self.failed > 0 { text += ", \(self.failed) failed" }
        text += ", \(self.awaited + self.asked) running"
        if rate > 0 { text += "  \(rate < 10 ? "\((rate * 10).rounded() / 10)" : "\(Int(min(rate, 1e12)))")/s" }
        if let share, share > 0, share < 1, seconds > 1 {
            text += "  \(Duration.seconds(min(seconds / share - seconds, 1e8)).brief) left"
        }
        guard let share else { return String(text.prefix(max(1, columns - 1))) }
        let percent = " \(Int((min(1, max(0, share)) * 100).rounded(.down)))% "
        // The bar takes what the numbers leave, and nothing when that is too little.
        let width = min(30, columns - 1 - text.count - percent.count - 2)
        guard width >= 5 else { return String((percent.dropFirst() + text).prefix(max(1, columns - 1))) }
        let filled = min(width, Int(Double(width) * share))
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled)
        return "[\(bar)]\(percent)\(text)"
    }
}
