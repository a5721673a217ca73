// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import ZeroMQ

@testable import Weft

struct AdvertisedEndpointTests {
    @Test(arguments: ["tcp://127.0.0.1:7400", "tcp://[::1]:7400", "tcp://host.example:1"])
    func whatOthersCanDialIsTaken(text: String) throws {
        #expect(try Endpoint(advertised: text).description == text)
    }

    @Test(arguments: [
        "ipc:///tmp/secret", "inproc://monitor-1", "tcp://*:1", "tcp://127.0.0.1:*", "tcp://0.0.0.0:7400", "",
    ])
    func whatReachesIntoThisProcessOrNowhereIsRefused(text: String) {
        #expect { try Endpoint(advertised: text) } throws: { ($0 as? ZeroMQError)?.code == .invalidEndpoint }
    }
}
