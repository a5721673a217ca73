// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import CCurl

/// An http or https address, taken apart by libcurl itself so that nobody reads it differently.
struct WebAddress: Sendable {
    /// The whole address, without fragment.
    let text: String
    /// Scheme, host and port: what may be named in messages, and what headers stay within.
    let origin: String
    /// Origin and path, without the query, bounded: for messages.
    let summary: String

    init(_ text: String) throws(HTTPError) {
        try self.init(text, relativeTo: nil)
    }

    /// The address that a redirect from this one points to.
    func resolving(_ location: String) throws(HTTPError) -> WebAddress {
        try WebAddress(location, relativeTo: self)
    }

    private init(_ text: String, relativeTo base: WebAddress?) throws(HTTPError) {
        guard let url = curl_url() else {
            throw HTTPError(.failed, "out of memory for an address")
        }
        defer { curl_url_cleanup(url) }
        // Control characters would end the string early or start another line.
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            throw HTTPError(.invalidRequest, "the address contains spaces or control characters: remove or escape them")
        }
        if let base {
            curl_url_set(url, CURLUPART_URL, base.text, 0)
        }
        let code = curl_url_set(url, CURLUPART_URL, text, UInt32(CURLU_DISALLOW_USER))
        guard code == CURLUE_OK else {
            let reason = String(cString: curl_url_strerror(code))
            throw HTTPError(
                .invalidRequest, "the address cannot be read (\(reason)): give it as https://host:port/path")
        }
        curl_url_set(url, CURLUPART_FRAGMENT, nil, 0)
        guard let scheme = Self.part(CURLUPART_SCHEME, of: url)?.lowercased(), ["http", "https"].contains(scheme) else {
            throw HTTPError(.invalidRequest, "the address must begin with http:// or https://")
        }
        guard let host = Self.part(CURLUPART_HOST, of: url)?.lowercased(),
            let port = Self.part(CURLUPART_PORT, of: url, flags: UInt32(CURLU_DEFAULT_PORT)),
            let whole = Self.part(CURLUPART_URL, of: url)
        else {
            throw HTTPError(.invalidRequest, "the address names no host: give it as https://host:port/path")
        }
        self.text = whole
        self.origin = "\(scheme)://\(host):\(port)"
        self.summary = self.origin + (Self.part(CURLUPART_PATH, of: url) ?? "").prefix(128)
    }

    private static func part(_ part: CURLUPart, of url: OpaquePointer, flags: UInt32 = 0) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard curl_url_get(url, part, &text, flags) == CURLUE_OK, let text else { return nil }
        defer { curl_free(text) }
        return String(cString: text)
    }
}
