// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import WeftBus
import WeftProtocol
import WeftValue

/// The frames that `docs/wire-format.md` shows.
enum GoldenFrames {
    /// `000102…0f`.
    static let one = id(0)
    /// `101112…1f`.
    static let two = id(16)

    static let record = MemberRecord(
        id: one, name: "alpha", roles: [.coordinator, .peer], control: "tcp://127.0.0.1:7400",
        publish: "tcp://127.0.0.1:7401", extras: ["sink": "tcp://127.0.0.1:7402"], revision: 3)

    static let keyedRecord: MemberRecord = {
        var keyed = record
        keyed.key = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
        return keyed
    }()

    static let event = EventRecord(
        name: "order:created", origin: two, sequence: 7, time: Date(microsecondsSince1970: 1_700_000_000_000_000),
        arguments: [0x91, 0xA3, 0x6F, 0x2D, 0x31])

    static let control: [(name: String, message: ControlMessage, hex: String)] = [
        (
            "HELLO", .hello(record),
            "5746010181a16e88a163b47463703a2f2f3132372e302e302e313a37343030a169c41000010203040506"
                + "0708090a0b0c0d0e0fa16ea5616c706861a16f92ab636f6f7264696e61746f72a470656572a170b47463"
                + "703a2f2f3132372e302e302e313a37343031a17303a176920101a17881a473696e6bb47463703a2f2f31"
                + "32372e302e302e313a37343032"
        ),
        (
            "HELLO, with a key", .hello(keyedRecord),
            "5746010181a16e89a163b47463703a2f2f3132372e302e302e313a37343030a169c41000010203040506"
                + "0708090a0b0c0d0e0fa16bd92872713a724d3e7d553f404c6e7334374531256b522e6f406e2546636d6d"
                + "734c2f407b48385d796637a16ea5616c706861a16f92ab636f6f7264696e61746f72a470656572a170b4"
                + "7463703a2f2f3132372e302e302e313a37343031a17303a176920101a17881a473696e6bb47463703a2f"
                + "2f3132372e302e302e313a37343032"
        ),
        (
            "WELCOME", .welcome(record, roster: [RosterEntry(record: record, silence: 250)]),
            "5746010282a16e88a163b47463703a2f2f3132372e302e302e313a37343030a169c41000010203040506"
                + "0708090a0b0c0d0e0fa16ea5616c706861a16f92ab636f6f7264696e61746f72a470656572a170b47463"
                + "703a2f2f3132372e302e302e313a37343031a17303a176920101a17881a473696e6bb47463703a2f2f31"
                + "32372e302e302e313a37343032a172919288a163b47463703a2f2f3132372e302e302e313a37343030a1"
                + "69c410000102030405060708090a0b0c0d0e0fa16ea5616c706861a16f92ab636f6f7264696e61746f72"
                + "a470656572a170b47463703a2f2f3132372e302e302e313a37343031a17303a176920101a17881a47369"
                + "6e6bb47463703a2f2f3132372e302e302e313a37343032ccfa"
        ),
        (
            "REJECT", .reject(.version, message: "no version in common", versions: VersionRange(oldest: 1, newest: 2)),
            "5746010383a163a776657273696f6ea16db46e6f2076657273696f6e20696e20636f6d6d6f6ea1769201"
                + "02"
        ),
        ("PROBE_ACK", .probeAck(nonce: 0x0102_0304_0506_0708), "5746010481a16bcf0102030405060708"),
        (
            "HEARTBEAT", .heartbeat(head: 300, cursors: [one: 5, two: 70_000], digest: .max),
            "5746010583a1639292c410000102030405060708090a0b0c0d0e0f0592c410101112131415161718191a"
                + "1b1c1d1e1fce00011170a164cfffffffffffffffffa168cd012c"
        ),
        (
            "ROSTER", .roster([RosterEntry(record: record, silence: 0)], wantsReply: true),
            "5746010682a170c3a172919288a163b47463703a2f2f3132372e302e302e313a37343030a169c4100001"
                + "02030405060708090a0b0c0d0e0fa16ea5616c706861a16f92ab636f6f7264696e61746f72a470656572"
                + "a170b47463703a2f2f3132372e302e302e313a37343031a17303a176920101a17881a473696e6bb47463"
                + "703a2f2f3132372e302e302e313a3734303200"
        ),
        (
            "SNAPSHOT_REQUEST", .snapshotRequest(id: 9, floors: [two: 6]),
            "5746010782a1669192c410101112131415161718191a1b1c1d1e1f06a16b09"
        ),
        (
            "SNAPSHOT", .snapshot(id: 9, isReady: true, events: [event], cursors: [two: 7]),
            "5746010884a1639192c410101112131415161718191a1b1c1d1e1f07a1659195c4101011121314151617"
                + "18191a1b1c1d1e1f07cf00060a24181e4000ad6f726465723a63726561746564c40591a36f2d31a16b09"
                + "a179c3"
        ),
        ("FLUSH", .flush(through: 300), "5746010981a173cd012c"),
        ("FLUSHED", .flushed(through: 300, missed: 2), "5746010a82a173cd012ca17802"),
        (
            "FLUSHED", .flushed(through: 300, missed: 2, by: two),
            "5746010a83a169c410101112131415161718191a1b1c1d1e1fa173cd012ca17802"
        ),
        ("GOODBYE", .goodbye(head: 301), "5746010b81a168cd012d"),
        ("REQUEST", .request(id: 1, method: "status", body: .null), "5746010c83a162c0a16b01a16da6737461747573"),
        (
            "REPLY", .reply(id: 1, isSuccess: true, body: ["id": "alpha"]),
            "5746010d83a16281a26964a5616c706861a16b01a16fc3"
        ),
        (
            "FETCH", .fetch(id: 2, origin: two, first: 5, last: 7),
            "5746010e84a16605a169c410101112131415161718191a1b1c1d1e1fa16b02a16c07"
        ),
        (
            "REPAIR", .repair(id: 2, origin: two, from: 7, isBusy: false, batches: [[0x65, 0x01]]),
            "5746010f85a16591c4026501a16607a169c410101112131415161718191a1b1c1d1e1fa16b02a179c2"
        ),
        ("PING", .ping(id: 3, refutation: 2), "5746011082a16b03a17502"),
        (
            "PONG", .pong(id: 3, member: two, refutation: 3, age: 0),
            "5746011184a16100a169c410101112131415161718191a1b1c1d1e1fa16b03a17503"
        ),
        (
            "PING_REQUEST", .pingRequest(id: 4, member: two, refutation: 2),
            "5746011283a169c410101112131415161718191a1b1c1d1e1fa16b04a17502"
        ),
        ("BEGAN", .began(origin: two, after: 6), "5746011382a16806a169c410101112131415161718191a1b1c1d1e1f"),
    ]

    static let probe = Probe(subscriber: one, origin: two, nonce: 0x0102_0304_0506_0708, head: 6)
    static let probeHex =
        "70000102030405060708090a0b0c0d0e0f01101112131415161718191a1b1c1d1e1f0102030405060708"
        + "0000000000000006"

    /// Events 7 and 8 of node two: `order:created` with `"o-1"`, and a microsecond later `ping` without arguments.
    static var batch: [UInt8] {
        var builder = EventBatchBuilder(origin: two)
        builder.append(
            name: "order:created", arguments: [0x91, 0xA3, 0x6F, 0x2D, 0x31], time: 1_700_000_000_000_000, sequence: 7)
        builder.append(name: "ping", arguments: [0x90], time: 1_700_000_000_000_001, sequence: 8)
        return builder.finish()
    }
    static let batchHex =
        "6501101112131415161718191a1b1c1d1e1f00000000000000070000000200060a24181e4000ad6f7264"
        + "65723a6372656174656400c40591a36f2d31a470696e6701c40190"

    static let routingIDHex = "01000102030405060708090a0b0c0d0e0f00000102"

    /// Every frame with its name and its bytes in hexadecimal.
    static var all: [(name: String, hex: String)] {
        Self.control.map { ($0.name, $0.hex) }
            + [("PROBE", Self.probeHex), ("BATCH", Self.batchHex), ("ROUTING_ID", Self.routingIDHex)]
    }

    static func hex(_ bytes: some Collection<UInt8>) -> String {
        bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }

    static func bytes(_ hex: String) -> [UInt8] {
        let digits = Array(hex.utf8)
        return stride(from: 0, to: digits.count - 1, by: 2).compactMap {
            UInt8(String(decoding: digits[$0...($0 + 1)], as: UTF8.self), radix: 16)
        }
    }

    private static func id(_ first: UInt8) -> NodeID {
        // Sixteen bytes make an id.
        NodeID(bytes: first..<(first + 16)) ?? .random()
    }
}
