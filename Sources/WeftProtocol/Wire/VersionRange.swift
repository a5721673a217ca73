// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// The wire versions that a node speaks.
public struct VersionRange: Hashable, Sendable, CustomStringConvertible {
    /// The oldest.
    public var oldest: UInt8
    /// The newest.
    public var newest: UInt8

    /// What this build speaks.
    public static let current = VersionRange(oldest: WireFormat.oldestVersion, newest: WireFormat.newestVersion)

    /// Creates a range.
    public init(oldest: UInt8, newest: UInt8) {
        self.oldest = oldest
        self.newest = newest
    }

    /// The newest version that both speak; nil when there is none.
    public func common(with other: VersionRange) -> UInt8? {
        let newest = min(self.newest, other.newest)
        return newest >= max(self.oldest, other.oldest) ? newest : nil
    }

    /// `1` or `1 to 3`.
    public var description: String {
        self.oldest == self.newest ? "\(self.oldest)" : "\(self.oldest) to \(self.newest)"
    }
}
