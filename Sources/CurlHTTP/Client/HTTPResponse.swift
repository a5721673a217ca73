// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// The answer to a request, whatever its status.
public struct HTTPResponse: Sendable {
    /// The status, 200 for instance.
    public let status: Int

    /// The header fields.
    public let headers: HTTPHeaders

    /// The body.
    public let body: [UInt8]

    /// Creates an answer.
    public init(status: Int, headers: HTTPHeaders = [:], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The value of the first header field of that name, without regard to case.
    public func header(_ name: String) -> String? {
        self.headers[name]
    }

    /// How long the server asks to wait before the next try (`Retry-After`, as seconds or as a date).
    ///
    /// - Parameter now: The present time, in seconds since 1970, that a date is compared with.
    public func retryAfter(now: Int64) -> Duration? {
        self.headers["Retry-After"].flatMap { RetryAfter.pause($0, now: now) }
    }
}
