// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// What becomes of an answer that points elsewhere.
///
/// There is no policy that follows to another origin (scheme, host and port): headers such as an API key would travel
/// there.
public struct RedirectPolicy: Hashable, Sendable {
    private enum Value {
        case never
        case sameOrigin
    }

    private let value: Value

    /// The redirect is the answer.
    public static let never = Self(value: .never)

    /// Up to five redirects within the same origin are followed; one to another origin is an error.
    public static let sameOrigin = Self(value: .sameOrigin)

    static let maximumHops = 5
}
