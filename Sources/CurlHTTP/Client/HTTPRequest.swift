// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// A request over HTTP.
public struct HTTPRequest: Sendable {
    /// The largest answer that is taken by default: 16 MiB.
    public static let defaultMaximumResponseBytes = 16 * 1024 * 1024

    /// The method, `GET` for instance.
    public var method: String

    /// The address, of scheme `http` or `https`, without credentials.
    public var url: String

    /// The header fields.
    ///
    /// The client adds `Host`, `User-Agent` and `Accept` where they are missing.
    public var headers: HTTPHeaders

    /// The body, or nil for none.
    public var body: [UInt8]?

    /// How long the whole exchange may take, waiting for a connection and redirects included.
    public var timeout: Duration

    /// What becomes of redirects.
    public var redirects: RedirectPolicy

    /// How large the answer's body may be.
    public var maximumResponseBytes: Int

    /// Creates a request.
    public init(
        method: String = "GET",
        url: String,
        headers: HTTPHeaders = [:],
        body: [UInt8]? = nil,
        timeout: Duration = .seconds(60),
        redirects: RedirectPolicy = .never,
        maximumResponseBytes: Int = Self.defaultMaximumResponseBytes
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeout = timeout
        self.redirects = redirects
        self.maximumResponseBytes = maximumResponseBytes
    }
}
