// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Text that must not be printed: its descriptions say nothing about it.
public struct Secret: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The text itself, for the one place that sends it.
    public let exposed: String

    /// Wraps a text.
    public init(_ text: String) {
        self.exposed = text
    }

    /// Stands for the text without telling it.
    public var description: String { "<secret>" }

    /// Stands for the text without telling it.
    public var debugDescription: String { self.description }

    /// Stands for the text without telling it, also in `dump`.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
