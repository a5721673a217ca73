// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// The form that a task wants its result in; words that are not known are kept as they are.
public struct OutputFormat: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The word as it stands in the task.
    public let rawValue: String

    /// A format from its word, known or not.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// Plain text.
    public static let text = Self(rawValue: "text")
    /// Markdown.
    public static let markdown = Self(rawValue: "markdown")
    /// JSON text.
    public static let json = Self(rawValue: "json")
    /// Text to be spoken.
    public static let voice = Self(rawValue: "voice")

    /// The word as it stands in the task.
    public var description: String { self.rawValue }
}
