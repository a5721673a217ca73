// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing

@testable import ZeroMQ

struct EndpointTests {
    @Test func theAddressThatLeadsSomewhereIsOneOfThisMachine() throws {
        #expect(try Endpoint("tcp://127.0.0.1:7400").localHostTowards == "127.0.0.1")
        let local = try #require(try Endpoint("tcp://localhost:7400").localHostTowards)
        #expect(["127.0.0.1", "::1"].contains(local))
        #expect(try Endpoint("tcp://*:7400").localHostTowards == nil)
        #expect(try Endpoint("tcp://no-such-host.invalid:7400").localHostTowards == nil)
        #expect(try Endpoint("ipc:///tmp/weft").localHostTowards == nil)
    }

    @Test(arguments: [
        "tcp://127.0.0.1:7400", "tcp://*:7400", "tcp://localhost:*", "tcp://[::1]:7400", "tcp://node-1.example:1",
        "ipc:///tmp/weft.sock", "ipc://@abstract", "inproc://name",
    ])
    func readsAndWritesTheSameText(_ text: String) throws {
        #expect(try Endpoint(text).description == text)
    }

    @Test(arguments: [
        ("127.0.0.1:7400", "tcp://HOST:PORT"), ("", "tcp://HOST:PORT"), ("udp://127.0.0.1:1", "tcp, ipc or inproc"),
        ("tcp://127.0.0.1", "port is missing"), ("tcp://127.0.0.1:65536", "1 to 65535"), ("tcp://h:-1", "1 to 65535"),
        ("tcp://h:00", "1 to 65535"),
        ("tcp://h:+1", "1 to 65535"), ("tcp://h:", "1 to 65535"), ("tcp://:7400", "host is missing"),
        ("tcp://::1:7400", "brackets"), ("tcp://a/b:1", "name or an address"), ("tcp://a b:1", "spaces"),
        ("ipc://", "path is missing"), ("inproc://", "name is missing"), ("ipc:///tmp/\u{7F}", "control characters"),
        ("ipc://" + String(repeating: "x", count: 108), "at most 107"),
    ])
    func refusesWithAdvice(_ text: String, _ advice: String) {
        #expect {
            try Endpoint(text)
        } throws: { error in
            guard let error = error as? ZeroMQError else { return false }
            return error.code == .invalidEndpoint && error.message.contains(advice)
        }
    }

    @Test func knowsLoopback() throws {
        for text in [
            "tcp://127.0.0.1:1", "tcp://127.8.8.8:1", "tcp://[::1]:1", "tcp://localhost:1", "ipc:///x", "inproc://x",
        ] {
            #expect(try Endpoint(text).isLoopback, "\(text)")
        }
        for text in ["tcp://10.0.0.1:1", "tcp://*:1", "tcp://0.0.0.0:1", "tcp://127.evil.example:1"] {
            #expect(try !Endpoint(text).isLoopback, "\(text)")
        }
    }

    @Test func portZeroIsAWildcard() throws {
        #expect(try Endpoint("tcp://127.0.0.1:0").port == nil)
        #expect(try Endpoint("tcp://127.0.0.1:0").isWildcard)
        #expect(try Endpoint("tcp://[::1]:5").withPort(6).description == "tcp://[::1]:6")
        #expect(try Endpoint("tcp://*:5").withHost("::1").description == "tcp://[::1]:5")
    }

    @Test func picksPortsBelowTheEphemeralRange() {
        let ephemeral = PortPicker.systemEphemeralRange()
        let picker = PortPicker()
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<1_000 { #expect(!ephemeral.contains(picker.pick(using: &generator))) }
    }

    @Test(arguments: [
        32_768...60_999, 1_024...65_535, 1_024...60_000, 0...65_535, 0...0, 65_535...65_535, 11_000...11_001,
    ])
    func findsARangeWhateverTheSystemUses(_ ephemeral: ClosedRange<UInt16>) {
        let picker = PortPicker(ephemeral: ephemeral)
        #expect(!picker.range.isEmpty)
        #expect(picker.range.lowerBound >= 1_024)
    }
}
