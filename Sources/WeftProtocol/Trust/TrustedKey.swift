// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials

/// A public key that a node may prove itself with.
public struct TrustedKey: Hashable, Sendable {
    /// The key as 40 characters of Z85.
    public var text: String
    /// When it counts no more; nil for one that counts until it is taken away.
    public var until: Date?

    /// Creates a key.
    public init(_ text: String, until: Date? = nil) {
        self.text = text
        self.until = until
    }

    /// Whether it counts.
    public func isValid(at now: Date) -> Bool { self.until.map { now < $0 } ?? true }
}
