// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// A socket that a loop holds.
///
/// Ids are never used twice in a process.
public struct SocketID: Hashable, Sendable, Comparable, CustomStringConvertible {
    let rawValue: UInt64

    /// For people to read.
    public var description: String { "socket \(self.rawValue)" }

    /// Compares by age: ids grow.
    public static func < (left: SocketID, right: SocketID) -> Bool { left.rawValue < right.rawValue }
}
