// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// A member as one node tells another about it.
public struct RosterEntry: Hashable, Sendable {
    /// The member's own words.
    public var record: MemberRecord
    /// How long ago the teller last heard from it, in milliseconds, so that a silent member is not news.
    public var silence: UInt64

    /// Creates an entry.
    public init(record: MemberRecord, silence: UInt64) {
        self.record = record
        self.silence = silence
    }
}
