// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftBus
import WeftValue

extension ControlMessage {
    /// Reads a control frame.
    ///
    /// Members that this build does not know are ignored, so that newer nodes may add some.
    ///
    /// - Throws: ``WireError`` saying what is wrong with it; `unknownKind` is for skipping.
    public init(decoding frame: some Collection<UInt8>) throws(WireError) {
        let frame = Array(frame)
        guard frame.count <= WireFormat.maximumControlFrame else {
            throw WireError(
                .tooLarge, "a control frame of \(frame.count) bytes; \(WireFormat.maximumControlFrame) is most")
        }
        guard frame.prefix(2).elementsEqual(WireFormat.magic.prefix(frame.count)), !frame.isEmpty else {
            throw WireError(.notWeft, "the frame does not start as Weft's do: is another program using the port?")
        }
        guard frame.count > WireFormat.controlHeaderSize else {
            throw WireError(.truncated, "a control frame of only \(frame.count) bytes")
        }
        let kind = Kind(rawValue: frame[3])
        guard WireFormat.speaks(frame[2]) || kind?.isFrozen == true else {
            throw WireError(.version, "a frame in wire version \(frame[2]); this node speaks \(VersionRange.current)")
        }
        guard let kind else { throw WireError(.unknownKind, "a message of kind \(frame[3])") }
        guard frame.count <= kind.maximumFrame else {
            throw WireError(.tooLarge, "\(kind) of \(frame.count) bytes; \(kind.maximumFrame) is most")
        }
        let members: [String: Value]
        do throws(MessagePackError) {
            members = try Self.members(of: kind, in: frame[WireFormat.controlHeaderSize...])
        } catch {
            let code: WireError.Code =
                switch error.code {
                case .truncated: .truncated
                case .tooMany: .tooLarge
                default: .malformed
                }
            throw WireError(code, "the body of \(kind): \(error.message)")
        }
        try self.init(kind, BodyReader(members, of: "\(kind)"))
    }

    /// Reads what a body of this kind has, and skips the rest without taking room for it.
    private static func members(
        of kind: Kind, in body: ArraySlice<UInt8>
    ) throws(MessagePackError) -> [String: Value] {
        let known = kind.members
        var reader = MessagePackReader(body, valueLimit: WireFormat.maximumValues)
        var members: [String: Value] = [:]
        for _ in 0..<(try reader.readMapHeader()) {
            let name = try reader.readString()
            if known.contains(name) {
                members[name] = try reader.readValue()
            } else {
                try reader.skip()
            }
        }
        try reader.expectEnd()
        return members
    }

    private init(_ kind: Kind, _ body: BodyReader) throws(WireError) {
        self =
            switch kind {
            case .hello:
                .hello(try MemberRecord(try body.value("n")), to: body.has("t") ? try body.node("t") : nil)
            case .welcome: .welcome(try MemberRecord(try body.value("n")), roster: try body.roster("r"))
            case .reject:
                .reject(
                    RejectReason(name: try body.string("c")), message: try body.string("m"),
                    versions: try body.versions("v"))
            case .probeAck: .probeAck(nonce: try body.uint("k"))
            case .heartbeat:
                .heartbeat(head: try body.sequence("h"), cursors: try body.cursors("c"), digest: try body.uint("d"))
            case .roster: .roster(try body.roster("r"), wantsReply: try body.bool("p"))
            case .snapshotRequest: .snapshotRequest(id: try body.uint("k"), floors: try body.cursors("f"))
            case .snapshot:
                .snapshot(
                    id: try body.uint("k"), isReady: try body.bool("y"), events: try body.events("e"),
                    cursors: try body.cursors("c"))
            case .flush: .flush(through: try body.sequence("s"))
            case .flushed:
                .flushed(
                    through: try body.sequence("s"), missed: try body.sequence("x"),
                    by: body.has("i") ? try body.node("i") : nil)
            case .goodbye: .goodbye(head: try body.sequence("h"))
            case .request:
                .request(id: try body.uint("k"), method: try body.string("m"), body: try body.value("b"))
            case .reply: .reply(id: try body.uint("k"), isSuccess: try body.bool("o"), body: try body.value("b"))
            case .fetch:
                .fetch(
                    id: try body.uint("k"), origin: try body.node("i"), first: try body.sequence("f"),
                    last: try body.sequence("l"))
            case .repair:
                .repair(
                    id: try body.uint("k"), origin: try body.node("i"), from: try body.sequence("f"),
                    isBusy: try body.bool("y"), batches: try body.blobs("e"))
            case .ping: .ping(id: try body.uint("k"), refutation: try body.uint("u"))
            case .pong:
                .pong(
                    id: try body.uint("k"), member: try body.node("i"), refutation: try body.uint("u"),
                    age: try body.uint("a"))
            case .pingRequest:
                .pingRequest(id: try body.uint("k"), member: try body.node("i"), refutation: try body.uint("u"))
            case .began: .began(origin: try body.node("i"), after: try body.sequence("h"))
            }
    }
}

extension MemberRecord {
    init(_ value: Value) throws(WireError) {
        let body = try BodyReader(value, of: "a member's record")
        var roles: Set<NodeRole> = []
        for role in try body.array("o") {
            guard let name = role.stringValue else {
                throw WireError(.malformed, "'o' of a member's record has a role that is not text")
            }
            roles.insert(NodeRole(name: name))
        }
        self.init(
            id: try body.node("i"), name: try body.string("n"), roles: roles, control: try body.string("c"),
            publish: try body.string("p"), extras: try body.object("x"), revision: try body.uint("s"),
            versions: try body.versions("v"), refutation: body.has("u") ? try body.uint("u") : 0,
            key: body.has("k") ? try body.string("k") : nil)
    }
}
