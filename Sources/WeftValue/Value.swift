// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials

/// A value whose type is known only at run time: what JSON and MessagePack can both say.
///
/// | kind | MessagePack | JSON text |
/// | --- | --- | --- |
/// | `null` | nil | `null` |
/// | `bool` | bool | `true`, `false` |
/// | `int`, `uint` | the shortest integer | a number without fraction or exponent, exact |
/// | `double` | float 64 (float 32 is read too) | a number; not a number and infinities become `null` |
/// | `string` | str | a string |
/// | `bytes` | bin | a string, base64 |
/// | `date` | timestamp, extension type -1 | a string, RFC 3339 in UTC with microseconds |
/// | `array` | array | an array |
/// | `object` | map with string keys | an object, keys sorted |
///
/// JSON has no bytes and no dates, so a value with those does not come back from JSON text as it was; typed receivers
/// read them from strings (``decode(_:)``).
public enum Value: Hashable, Sendable {
    /// Nothing.
    case null
    /// True or false.
    case bool(Bool)
    /// A whole number that fits into 64 bits with sign.
    case int(Int64)
    /// A whole number above `Int64.max`; smaller ones are always `.int`.
    case uint(UInt64)
    /// A number with a fraction, or too large for an integer.
    case double(Double)
    /// Text.
    case string(String)
    /// Bytes that are not text.
    case bytes([UInt8])
    /// A moment in time.
    case date(Date)
    /// Values in order.
    case array([Value])
    /// Values by name.
    case object([String: Value])

    /// How deep JSON text may nest: deeper than any real document, shallow enough for the smallest thread's stack.
    public static let maximumDepth = 64
}
