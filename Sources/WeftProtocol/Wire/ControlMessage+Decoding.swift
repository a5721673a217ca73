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
        let members: [String: Value]
        do {
            var reader = MessagePackReader(frame[WireFormat.controlHeaderSize...])
            guard let object = try reader.readValue().objectValue else {
                throw WireError(.malformed, "the body of \(kind) is not a map")
            }
            try reader.expectEnd()
            members = object
        } catch let error as MessagePackError {
            throw WireError(error.code == .truncated ? .truncated : .malformed, "the body of \(kind): \(error.message)")
        } catch let error as WireError {
            throw error
        } catch {
            throw WireError(.malformed, "the body of \(kind) cannot be read")
        }
        try self.init(kind, BodyReader(members, of: "\(kind)"))
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
            case .flushed: .flushed(through: try body.sequence("s"), missed: try body.sequence("x"))
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
