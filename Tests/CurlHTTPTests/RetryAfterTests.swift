// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import CurlHTTP
import Testing

struct RetryAfterTests {
    private func pause(_ value: String, now: Int64 = 1_000_000_000) -> Duration? {
        HTTPResponse(status: 503, headers: ["retry-after": value]).retryAfter(now: now)
    }

    @Test func secondsAndDatesAreRead() {
        #expect(self.pause("120") == .seconds(120))
        #expect(self.pause("0") == .zero)
        #expect(self.pause("Sun, 09 Sep 2001 01:48:00 GMT") == .seconds(80))
        #expect(self.pause("Sun, 09 Sep 2001 01:46:00 GMT") == .zero)
    }

    @Test(arguments: ["", " ", "soon", "-5", "1.5", "٣"])
    func anythingElseIsIgnored(value: String) {
        #expect(self.pause(value) == nil)
    }

    @Test func aNumberThatNoIntegerHoldsIsVeryLong() throws {
        #expect(try #require(self.pause("99999999999999999999999")) > .seconds(1 << 40))
    }
}
