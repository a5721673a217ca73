// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

extension Date {
    /// Microseconds since 1970, held within what 64 bits can say.
    package var microsecondsSince1970: Int64 {
        let microseconds = (self.timeIntervalSince1970 * 1_000_000).rounded()
        return Int64(exactly: microseconds) ?? (microseconds < 0 ? .min : .max)
    }

    /// A moment so many microseconds after 1970.
    package init(microsecondsSince1970 microseconds: Int64) {
        // Whole seconds apart from the rest: a Double holds both exactly, and not their sum.
        let (seconds, rest) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        self.init(timeIntervalSince1970: Double(seconds) + Double(rest) / 1_000_000)
    }
}
