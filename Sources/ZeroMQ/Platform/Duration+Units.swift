// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

extension Duration {
    /// Whole milliseconds, rounded up, within 0 … Int32.max.
    var milliseconds: Int32 {
        let nanoseconds = self.nanosecondsClamped
        return Int32(clamping: nanoseconds / 1_000_000 + (nanoseconds % 1_000_000 == 0 ? 0 : 1))
    }

    /// Nanoseconds, within 0 … UInt64.max.
    var nanosecondsClamped: UInt64 {
        let (seconds, attoseconds) = self.components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let (product, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return .max }
        let (sum, overflows) = product.addingReportingOverflow(UInt64(attoseconds / 1_000_000_000))
        return overflows ? .max : sum
    }
}
