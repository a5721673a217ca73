// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Where the standard input of a ``TestProcess`` comes from.
public enum TestInput: Sendable {
    /// Nowhere: it ends at once.
    case none
    /// These bytes, then the end.
    case bytes([UInt8])
    /// What ``TestProcess/write(_:)`` is given, until ``TestProcess/closeInput()``.
    case open

    /// This text, then the end.
    public static func text(_ text: String) -> Self { .bytes(Array(text.utf8)) }
}
