// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import CurlHTTP
import Testing

@testable import WeftPlatform

struct PlatformErrorTests {
    @Test(arguments: [
        (400, PlatformError.Disposition.refused), (401, .operator), (403, .operator), (404, .refused), (408, .retry),
        (409, .refused), (422, .refused), (425, .retry), (429, .retry), (500, .retry), (502, .retry), (503, .retry),
        (302, .operator), (307, .operator),
    ])
    func statusesSayWhatToDo(status: Int, disposition: PlatformError.Disposition) {
        let error = PlatformError(HTTPResponse(status: status), key: Secret("k"))
        #expect(error.disposition == disposition)
        #expect(error.status == status)
    }

    @Test(arguments: [
        (HTTPError.Code.cannotConnect, PlatformError.Disposition.retry), (.cannotResolve, .retry), (.timedOut, .retry),
        (.connectionLost, .retry), (.malformedResponse, .retry), (.untrusted, .operator), (.redirectRefused, .operator),
        (.invalidRequest, .operator), (.responseTooLarge, .refused), (.cancelled, .refused),
    ])
    func missingAnswersSayWhatToDo(code: HTTPError.Code, disposition: PlatformError.Disposition) {
        #expect(PlatformError(HTTPError(code, "no answer")).disposition == disposition)
    }

    @Test func messagesAreBoundedAndWithoutTheKey() {
        let body = Array(("bad key sesame " + String(repeating: "x", count: 10_000)).utf8)
        let error = PlatformError(HTTPResponse(status: 401, body: body), key: Secret("sesame"))
        #expect(!error.message.contains("sesame"))
        #expect(error.message.utf8.count < 700)
        #expect(error.message.contains("XPANDER_API_KEY"))
    }

    @Test func retryAfterIsKept() {
        let response = HTTPResponse(status: 429, headers: ["Retry-After": "7"])
        #expect(PlatformError(response, key: Secret("k")).retryAfter == .seconds(7))
    }
}
