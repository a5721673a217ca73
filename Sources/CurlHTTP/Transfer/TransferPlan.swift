// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// All that libcurl is told about one transfer, checked.
struct TransferPlan: Sendable {
    let method: String
    let address: WebAddress
    let headers: HTTPHeaders
    let body: [UInt8]?
    /// How long the whole transfer may take; nil for a stream.
    var timeout: Duration?
    /// How long a stream may take to begin; nil for a request.
    var responseTimeout: Duration?
    /// How long a stream that has begun may be silent.
    var idleLimit: Duration?

    init(_ request: HTTPRequest, address: WebAddress) throws(HTTPError) {
        try Self.check(method: request.method, headers: request.headers)
        self.method = request.method
        self.address = address
        self.headers = request.headers
        self.body = request.body
        self.timeout = request.timeout
    }

    private static func check(method: String, headers: HTTPHeaders) throws(HTTPError) {
        guard Self.isToken(method) else {
            throw HTTPError(
                .invalidRequest, "the method is not a word that HTTP allows: use GET, POST, PUT or the like")
        }
        for field in headers.fields {
            guard Self.isToken(field.name) else {
                throw HTTPError(
                    .invalidRequest, "a header's name is not one that HTTP allows: use letters, digits and -")
            }
            guard field.value.utf8.allSatisfy({ ($0 >= 0x20 || $0 == 0x09) && $0 != 0x7F }) else {
                throw HTTPError(
                    .invalidRequest,
                    "the value of header \(field.name) contains a control character, perhaps a line end: remove it")
            }
        }
    }

    private static func isToken(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 256
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }
}
