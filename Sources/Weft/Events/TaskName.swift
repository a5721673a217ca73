// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// The name of a kind of task with the types of what goes in and what comes out, given once.
///
/// Typed tasks come from `submit`, not from the platform:
///
/// ```swift
/// extension TaskName where Input == Resize, Output == Thumbnail {
///     static var resize: Self { "image:resize" }
/// }
/// OnTask(.resize) { request, context in try await thumbnail(of: request) }
/// ```
public struct TaskName<Input: Codable & Sendable, Output: Codable & Sendable>: Hashable, Sendable {
    /// The name as it travels, such as `image:resize`.
    public let rawValue: String

    /// Creates a name.
    public init(_ rawValue: String) {
        self.rawValue = rawValue
    }
}

extension TaskName: ExpressibleByStringLiteral {
    /// Creates a name from a literal.
    public init(stringLiteral value: String) {
        self.init(value)
    }
}

extension TaskName: CustomStringConvertible {
    /// The name as it travels.
    public var description: String { self.rawValue }
}
