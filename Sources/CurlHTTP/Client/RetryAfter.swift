// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import CCurl

/// The value of the header field `Retry-After`.
enum RetryAfter {
    /// The pause that the value asks for, or nil if it is neither a number of seconds nor a date.
    static func pause(_ value: String, now: Int64) -> Duration? {
        let value = value.drop { $0 == " " }
        if !value.isEmpty, value.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            return .seconds(Int64(value) ?? .max / 2)
        }
        let date = Int64(curl_getdate(String(value), nil))
        return date < 0 ? nil : .seconds(max(0, date - now))
    }
}
