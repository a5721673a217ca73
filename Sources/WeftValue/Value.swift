// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials

/// A value whose type is known only at run time: what JSON and MessagePack can both say.
///
/// JSON has no bytes and no dates; see ``Value/init(json:)`` and ``Value/json(pretty:)`` for how those map.
public enum Value: Hashable, Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    /// A whole number above `Int64.max`; smaller ones are always `.int`.
    case uint(UInt64)
    case double(Double)
    case string(String)
    case bytes([UInt8])
    case date(Date)
    case array([Value])
    case object([String: Value])
}
