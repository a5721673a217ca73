// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Why a setting, a reply or an event of the platform could not be used.
public struct PlatformError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of error it is.
    public let code: Code

    /// What happened and what to do about it; never contains a secret.
    public let message: String

    /// The status of the platform's answer, if there was one.
    public let status: Int?

    /// The id of the task that the error is about, as far as it could be read.
    public let taskID: String?

    /// The environment variables that are missing; empty for all other errors.
    public let missing: [String]

    /// How long the platform asks to wait before the next try.
    public let retryAfter: Duration?

    /// Creates an error.
    public init(
        _ code: Code, _ message: String, status: Int? = nil, taskID: String? = nil, missing: [String] = [],
        retryAfter: Duration? = nil
    ) {
        self.code = code
        self.message = message
        self.status = status
        self.taskID = taskID
        self.missing = missing
        self.retryAfter = retryAfter
    }

    /// What is to be done with a request that failed so.
    public var disposition: Disposition {
        switch self.code {
        case .missingSettings, .invalidSettings, .redirected, .untrusted: .operator
        case .unreachable: .retry
        case .status:
            switch self.status ?? 0 {
            case 401, 403: .operator
            case 408, 425, 429, 500...: .retry
            default: .refused
            }
        default: .refused
        }
    }

    /// One of a small set of words, fit for a metric's label.
    public var label: String { self.code.description }

    /// The code and the message.
    public var description: String { "\(self.code): \(self.message)" }
}
