// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import WeftValue

/// Dates in the several forms in which the platform and its clients write them.
enum PlatformDate {
    /// ISO 8601 with or without an offset (then UTC), with `T` or a blank, or seconds since 1970; nil for anything else.
    static func read(_ value: Value) -> Date? {
        if let seconds = value.doubleValue {
            return seconds.isFinite ? Date(timeIntervalSince1970: seconds) : nil
        }
        guard let text = value.stringValue else { return value.dateValue }
        if let date = Date(rfc3339: text) { return date }
        var bytes = Array(text.utf8)
        guard bytes.count >= 19 else { return nil }
        if bytes[10] == UInt8(ascii: " ") { bytes[10] = UInt8(ascii: "T") }
        let spelled = String(decoding: bytes, as: UTF8.self)
        return Date(rfc3339: spelled) ?? Date(rfc3339: spelled + "Z")
    }
}
