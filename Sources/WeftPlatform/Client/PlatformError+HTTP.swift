// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import CurlHTTP
import FoundationEssentials

extension PlatformError {
    /// How much of an answer's body becomes a part of the message.
    static let longestDescription = 400

    /// No answer came.
    init(_ error: HTTPError) {
        let code: Code =
            switch error.code {
            case .cancelled, .shutDown: .cancelled
            case .redirectRefused, .tooManyRedirects: .redirected
            case .untrusted, .tlsFailed: .untrusted
            case .invalidRequest: .invalidSettings
            case .responseTooLarge: .unreadableReply
            default: .unreachable
            }
        self.init(code, error.message, status: error.status)
    }

    /// An answer that is not a success.
    init(_ response: HTTPResponse, key: Secret) {
        if response.status < 400 {
            self.init(
                .redirected,
                "the platform answers \(response.status) and points elsewhere, where the key must not go; give the final"
                    + " address as base URL",
                status: response.status)
            return
        }
        let text = String(decoding: response.body.prefix(Self.longestDescription), as: UTF8.self)
            .replacing(key.exposed, with: key.description)
        let advice =
            switch response.status {
            case 401, 403: "the platform does not accept the key; check XPANDER_API_KEY and XPANDER_ORGANIZATION_ID"
            case 404: "the platform does not know what was asked for"
            case 429: "the platform asks for fewer requests"
            case 500...: "the platform has failed"
            default: "the platform refuses the request"
            }
        self.init(
            .status, "\(advice) (status \(response.status)\(text.isEmpty ? "" : ": \(text)"))", status: response.status,
            retryAfter: response.retryAfter(now: Int64(Date.now.timeIntervalSince1970)))
    }
}
