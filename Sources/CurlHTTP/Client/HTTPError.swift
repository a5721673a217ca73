// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Why a request got no answer, or an event source no stream.
///
/// Messages say what happened and what to do. They name servers and paths, never header values, queries or bodies
/// that were sent.
public struct HTTPError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of failure it was.
    public let code: Code

    /// What happened and what to do about it.
    public let message: String

    /// The status of the answer, if there was one.
    public let status: Int?

    /// Creates an error.
    public init(_ code: Code, _ message: String, status: Int? = nil) {
        self.code = code
        self.message = message
        self.status = status
    }

    /// One of a small set of words, fit for a metric's label.
    public var label: String { self.code.description }

    /// The code and the message.
    public var description: String { "\(self.code): \(self.message)" }
}

extension HTTPError {
    /// The kinds of failure.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Value: String {
            case cancelled
            case cannotConnect
            case cannotResolve
            case closed
            case connectionLost
            case failed
            case invalidRequest
            case malformedResponse
            case noContent
            case reconnectRequested
            case redirectRefused
            case responseTooLarge
            case shutDown
            case silent
            case timedOut
            case tlsFailed
            case tooManyRedirects
            case unexpectedContentType
            case unexpectedStatus
            case untrusted
        }

        private let value: Value

        private init(_ value: Value) {
            self.value = value
        }

        /// The task that asked was cancelled.
        public static let cancelled = Self(.cancelled)
        /// Nothing answers at the server's address.
        public static let cannotConnect = Self(.cannotConnect)
        /// The server's name, or the proxy's, has no address.
        public static let cannotResolve = Self(.cannotResolve)
        /// The server ended an event stream in good order.
        public static let closed = Self(.closed)
        /// The connection broke before the answer was complete.
        public static let connectionLost = Self(.connectionLost)
        /// Anything else that libcurl reports.
        public static let failed = Self(.failed)
        /// The request could not be sent as it was given; trying it again changes nothing.
        public static let invalidRequest = Self(.invalidRequest)
        /// What came back is not HTTP.
        public static let malformedResponse = Self(.malformedResponse)
        /// The server answered 204 and so asks an event source to stop for good.
        public static let noContent = Self(.noContent)
        /// The event source's owner asked for a new connection.
        public static let reconnectRequested = Self(.reconnectRequested)
        /// The server redirects to another origin, where this client does not follow.
        public static let redirectRefused = Self(.redirectRefused)
        /// The answer's head or body was larger than its limit.
        public static let responseTooLarge = Self(.responseTooLarge)
        /// The client was shut down.
        public static let shutDown = Self(.shutDown)
        /// An event stream gave no sign of life for longer than its limit.
        public static let silent = Self(.silent)
        /// The answer was not complete in time.
        public static let timedOut = Self(.timedOut)
        /// TLS could not be agreed on.
        public static let tlsFailed = Self(.tlsFailed)
        /// The server redirects in circles.
        public static let tooManyRedirects = Self(.tooManyRedirects)
        /// An event stream was expected and something else came.
        public static let unexpectedContentType = Self(.unexpectedContentType)
        /// The status was not the one that an event stream has.
        public static let unexpectedStatus = Self(.unexpectedStatus)
        /// The server's certificate is not trusted.
        public static let untrusted = Self(.untrusted)

        /// The code's name.
        public var description: String { self.value.rawValue }
    }
}
