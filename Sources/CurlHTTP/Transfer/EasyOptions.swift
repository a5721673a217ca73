// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import CCurl

/// Sets options of one handle and remembers the first that was refused.
struct EasyOptions {
    let handle: UnsafeMutableRawPointer
    private(set) var failure: UInt32?

    init(handle: UnsafeMutableRawPointer) {
        self.handle = handle
    }

    mutating func set(_ option: CURLoption, _ value: Int) {
        self.check(option, weft_curl_set_long(self.handle, option, value))
    }

    mutating func set(_ option: CURLoption, _ value: String) {
        // libcurl copies strings.
        self.check(option, weft_curl_set_string(self.handle, option, value))
    }

    mutating func set(_ option: CURLoption, pointer: UnsafeMutableRawPointer) {
        self.check(option, weft_curl_set_pointer(self.handle, option, pointer))
    }

    mutating func set(_ option: CURLoption, _ callback: @escaping weft_curl_data_callback) {
        self.check(option, weft_curl_set_callback(self.handle, option, callback))
    }

    mutating func set(headers: UnsafeMutablePointer<curl_slist>?) {
        self.check(CURLOPT_HTTPHEADER, weft_curl_set_headers(self.handle, headers))
    }

    mutating func copyBody(_ body: [UInt8]) {
        let code = body.withUnsafeBytes { bytes in
            // A body of no bytes still needs an address, or libcurl would ask a callback for it.
            bytes.isEmpty
                ? weft_curl_set_copied_body(self.handle, "", 0)
                : weft_curl_set_copied_body(self.handle, bytes.baseAddress, curl_off_t(bytes.count))
        }
        self.check(CURLOPT_COPYPOSTFIELDS, code)
    }

    mutating func limitToHTTP() {
        self.check(CURLOPT_PROTOCOLS, weft_curl_limit_to_http(self.handle))
    }

    mutating func leaveResolverBehind() {
        self.check(CURLOPT_NOSIGNAL, weft_curl_leave_resolver_behind(self.handle))
    }

    mutating func fail() {
        self.check(CURLOPT_HTTPHEADER, CURLE_OUT_OF_MEMORY)
    }

    private mutating func check(_ option: CURLoption, _ code: CURLcode) {
        if code != CURLE_OK, self.failure == nil {
            self.failure = option.rawValue
        }
    }
}
