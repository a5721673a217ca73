// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// How soon an address is tried again: at once, as long as that is libzmq giving it back; then less and less often.
struct RebindPace {
    private var attempts = 0
    private var pause = NodeDefaults.rebindInterval

    /// Whether the address has been missing for longer than libzmq takes.
    var isTrouble: Bool { self.attempts >= NodeDefaults.quickRebinds }
    /// Whether that has just become so.
    var isFirstTrouble: Bool { self.attempts == NodeDefaults.quickRebinds }

    /// It could not be had.
    ///
    /// - Returns: When to try again.
    mutating func failed() -> Duration {
        self.attempts += 1
        if self.attempts > NodeDefaults.quickRebinds {
            self.pause = min(self.pause * 2, NodeDefaults.longestRebindInterval)
        }
        return self.pause
    }
}
