// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import CCurl

extension HTTPError {
    /// The error that libcurl's result stands for.
    ///
    /// - Parameters:
    ///   - code: libcurl's result; not `CURLE_OK`.
    ///   - detail: What libcurl says about it.
    ///   - plan: The transfer.
    init(_ code: CURLcode, detail: String, plan: TransferPlan) {
        let place = plan.address.summary
        let text = Self.printable(detail.isEmpty ? String(cString: curl_easy_strerror(code)) : detail, limit: 200)
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY:
            self.init(.cannotResolve, "\(place): \(text): check the name, and the proxy variables")
        case CURLE_COULDNT_CONNECT:
            self.init(.cannotConnect, "\(place): \(text): see whether the server runs and listens there")
        case CURLE_OPERATION_TIMEDOUT:
            self.init(.timedOut, "\(place): \(text): see whether the server is reachable, or allow more time")
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ISSUER_ERROR:
            self.init(
                .untrusted,
                "\(place): \(text): trust its certificate's issuer by certificateAuthorityFile, or correct the name")
        case CURLE_SSL_CACERT_BADFILE:
            self.init(
                .untrusted, "\(text): certificateAuthorityFile must name a readable file of certificates in PEM form")
        case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CIPHER, CURLE_SSL_CERTPROBLEM, CURLE_SSL_ENGINE_NOTFOUND,
            CURLE_USE_SSL_FAILED:
            self.init(.tlsFailed, "\(place): \(text): see whether the server speaks TLS at that port")
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING:
            self.init(.malformedResponse, "\(place) does not speak HTTP (\(text)): check host and port")
        case CURLE_GOT_NOTHING, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_PARTIAL_FILE:
            self.init(.connectionLost, "\(place): \(text): try again")
        case CURLE_URL_MALFORMAT:
            self.init(.invalidRequest, "the address cannot be read: give it as https://host:port/path")
        default:
            self.init(.failed, "\(place): \(text) (libcurl's error \(code.rawValue))")
        }
    }

    /// Text from elsewhere, fit to be shown: bounded, and without control characters.
    static func printable(_ text: String, limit: Int) -> String {
        let visible = text.unicodeScalars.prefix(limit).map { scalar in
            scalar.properties.generalCategory == .control ? " " : scalar
        }
        return String(String.UnicodeScalarView(visible))
    }
}
