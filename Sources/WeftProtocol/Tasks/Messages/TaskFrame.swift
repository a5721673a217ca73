// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

package import WeftBus
import WeftValue

/// A message of the task plane as one frame: `W` `F`, the wire version, the kind, and a MessagePack map.
///
/// Every frame names the worker that it is to or from, and what the coordinator sends names its epoch, so that a frame which
/// reaches somebody else, or comes from a coordinator that has been replaced, does nothing.
package enum TaskFrame {
    /// The wire version that is spoken.
    package static let version: UInt8 = 1
    private static let magic: [UInt8] = [0x57, 0x46]

    enum Kind: UInt8 {
        case welcome = 0x40
        case dispatch = 0x41
        case ping = 0x42
        case acknowledged = 0x43
        case superseded = 0x44
        case cancel = 0x45
        case drain = 0x46
        case register = 0x60
        case heartbeat = 0x61
        case started = 0x62
        case progress = 0x63
        case result = 0x64
        case draining = 0x65
        case goodbye = 0x66
        case results = 0x67
    }

    /// A coordinator's message to one worker.
    package static func encode(_ message: CoordinatorMessage, to worker: NodeID, epoch: TaskEpoch) -> [UInt8] {
        var fields: [String: Value] = ["w": .bytes(worker.bytes), "e": epoch.value]
        let kind: Kind
        switch message {
        case .welcome(let welcome):
            kind = .welcome
            fields["l"] = welcome.lease.microseconds
            fields["b"] = welcome.heartbeat.microseconds
            fields["k"] = .array(welcome.kept.map(\.value))
            if welcome.takesSeveral { fields["m"] = .bool(true) }
        case .dispatch(let requests):
            return Self.frame(.dispatch, worker, epoch, "t", capacity: 256 + requests.count * 160) {
                $0.writeArrayHeader(requests.count)
                for request in requests { $0.write(request) }
            }
        case .ping(let number, let heard):
            kind = .ping
            fields["n"] = Value(number)
            fields["h"] = Value(heard)
        case .acknowledged(let references):
            return Self.frame(.acknowledged, worker, epoch, "r", capacity: 256 + references.count * 80) {
                $0.write(references)
            }
        case .superseded(let references):
            kind = .superseded
            fields["r"] = .array(references.map(\.value))
        case .cancel(let reference, let reason):
            kind = .cancel
            fields["r"] = reference.value
            fields["m"] = .string(reason)
        case .drain:
            kind = .drain
        }
        return Self.frame(kind, fields)
    }

    /// A worker's message to the coordinator.
    package static func encode(_ message: WorkerMessage, from worker: NodeID) -> [UInt8] {
        var fields: [String: Value] = ["w": .bytes(worker.bytes)]
        let kind: Kind
        switch message {
        case .register(let registration):
            kind = .register
            fields["n"] = .string(registration.name)
            fields["s"] = Value(registration.slots)
            fields["g"] = .array(registration.agents.map(Value.string))
            fields["q"] = .array(registration.queues.map(Value.string))
            fields["p"] = .string(registration.endpoint)
            fields["c"] = Value(registration.session)
            fields["d"] = .bool(registration.isDraining)
            fields["h"] = .array(registration.held.map(\.value))
        case .heartbeat(let heartbeat):
            kind = .heartbeat
            fields["n"] = Value(heartbeat.sequence)
            fields["p"] = Value(heartbeat.ping)
            fields["h"] = .array(heartbeat.held.map(\.value))
        case .started(let references):
            return Self.frame(.started, worker, nil, "r", capacity: 64 + references.count * 80) {
                $0.write(references)
            }
        case .progress(let reference, let value):
            kind = .progress
            fields["r"] = reference.value
            fields["v"] = value
        case .result(let reference, let outcome):
            kind = .result
            fields["r"] = reference.value
            fields["o"] = outcome.value
        case .results(let endings):
            return Self.frame(.results, worker, nil, "o", capacity: 64 + endings.count * 112) { $0.write(endings) }
        case .draining(let returned):
            kind = .draining
            fields["r"] = .array(returned.map(\.value))
        case .goodbye(let returned):
            kind = .goodbye
            fields["r"] = .array(returned.map(\.value))
        }
        return Self.frame(kind, fields)
    }

    /// Reads what a coordinator sent.
    package static func decodeCoordinatorMessage(
        _ bytes: ArraySlice<UInt8>
    ) throws(TaskPlaneError) -> (message: CoordinatorMessage, worker: NodeID, epoch: TaskEpoch) {
        let kind = try Self.kind(of: bytes)
        if let message = Self.readDirectly(coordinatorMessage: kind, bytes.dropFirst(4)) { return message }
        let fields = try Self.open(bytes)
        let message: CoordinatorMessage
        switch kind {
        case .welcome:
            message = .welcome(
                WorkerWelcome(
                    epoch: try fields.epoch("e"), lease: try fields.duration("l"),
                    heartbeat: try fields.duration("b"), takesSeveral: try fields.bool("m"),
                    kept: try fields.references("k")))
        case .dispatch:
            var requests: [TaskRequest] = []
            for value in try fields.array("t") { requests.append(try TaskRequest(value: value)) }
            message = .dispatch(requests)
        case .ping:
            message = .ping(number: try fields.unsigned("n"), heard: try fields.unsigned("h"))
        case .acknowledged:
            message = .acknowledged(try fields.references("r"))
        case .superseded:
            message = .superseded(try fields.references("r"))
        case .cancel:
            message = .cancel(try TaskReference(value: try fields.value("r")), reason: try fields.string("m"))
        case .drain:
            message = .drain
        case .register, .heartbeat, .started, .progress, .result, .results, .draining, .goodbye:
            throw TaskPlaneError(.unknownKind, "A worker was sent what only a coordinator is sent.")
        }
        return (message, try fields.node("w"), try fields.epoch("e"))
    }

    /// Reads what a worker sent.
    package static func decodeWorkerMessage(
        _ bytes: ArraySlice<UInt8>
    ) throws(TaskPlaneError) -> (message: WorkerMessage, worker: NodeID) {
        let kind = try Self.kind(of: bytes)
        if let message = Self.readDirectly(workerMessage: kind, bytes.dropFirst(4)) { return message }
        let fields = try Self.open(bytes)
        let message: WorkerMessage
        switch kind {
        case .register:
            message = .register(
                WorkerRegistration(
                    name: try fields.name("n"), slots: try fields.integer("s", in: 1...TaskDefaults.maximumSlots),
                    agents: try fields.strings("g"), queues: try fields.strings("q"),
                    endpoint: try fields.name("p"), session: try fields.unsigned("c"),
                    isDraining: try fields.bool("d"), held: try fields.references("h")))
        case .heartbeat:
            message = .heartbeat(
                WorkerHeartbeat(
                    sequence: try fields.unsigned("n"), ping: try fields.unsigned("p"),
                    held: try fields.references("h")))
        case .started:
            message = .started(try fields.references("r"))
        case .progress:
            message = .progress(try TaskReference(value: try fields.value("r")), try fields.value("v"))
        case .result:
            message = .result(
                try TaskReference(value: try fields.value("r")), try TaskOutcome(value: try fields.value("o")))
        case .results:
            var endings: [TaskEnding] = []
            for value in try fields.array("o") {
                guard case .array(let parts) = value, parts.count == 2 else {
                    throw TaskPlaneError(.wrongType, "A result among several must be a reference and an outcome.")
                }
                endings.append(TaskEnding(try TaskReference(value: parts[0]), try TaskOutcome(value: parts[1])))
            }
            message = .results(endings)
        case .draining:
            message = .draining(returned: try fields.references("r"))
        case .goodbye:
            message = .goodbye(returned: try fields.references("r"))
        case .welcome, .dispatch, .ping, .acknowledged, .superseded, .cancel, .drain:
            throw TaskPlaneError(.unknownKind, "A coordinator was sent what only a worker is sent.")
        }
        return (message, try fields.node("w"))
    }

    /// A frame with one field of its own.
    private static func frame(
        _ kind: Kind, _ worker: NodeID, _ epoch: TaskEpoch?, _ field: Unicode.Scalar, capacity: Int,
        _ write: (inout MessagePackWriter) -> Void
    ) -> [UInt8] {
        var writer = MessagePackWriter(capacity: capacity)
        writer.append(encoded: Self.magic)
        writer.append(encoded: [Self.version, kind.rawValue])
        writer.writeMapHeader(epoch == nil ? 2 : 3)
        if let epoch {
            writer.write(key: "e")
            writer.write(epoch)
        }
        writer.write(key: field)
        write(&writer)
        writer.write(key: "w")
        writer.write(worker.bytes)
        return writer.bytes
    }

    private static func frame(_ kind: Kind, _ fields: [String: Value]) -> [UInt8] {
        var writer = MessagePackWriter()
        writer.append(encoded: Self.magic + [Self.version, kind.rawValue])
        writer.write(Value.object(fields))
        return writer.bytes
    }

    private static func kind(of bytes: ArraySlice<UInt8>) throws(TaskPlaneError) -> Kind {
        guard bytes.count > 4, bytes.starts(with: Self.magic) else {
            throw TaskPlaneError(.notWeft, "A frame of \(bytes.count) bytes on the task plane is not one of Weft's.")
        }
        let header = bytes.prefix(4)
        let version = header[header.startIndex + 2]
        guard version == Self.version else {
            throw TaskPlaneError(
                .version, "A frame speaks version \(version) of the task plane; this node speaks \(Self.version).")
        }
        let number = header[header.startIndex + 3]
        guard let kind = Kind(rawValue: number) else {
            throw TaskPlaneError(.unknownKind, "A frame of kind \(number) is not known to this version.")
        }
        return kind
    }

    private static func open(_ bytes: ArraySlice<UInt8>) throws(TaskPlaneError) -> TaskFields {
        let number = bytes.dropFirst(3).first ?? 0
        var reader = MessagePackReader(bytes.dropFirst(4))
        do {
            let body = try reader.readValue()
            guard reader.isAtEnd else {
                throw TaskPlaneError(.malformed, "A frame of kind \(number) goes on after its body.")
            }
            return try TaskFields(body, of: "message")
        } catch let error as MessagePackError {
            throw TaskPlaneError(.malformed, "A frame's body cannot be read: \(error)")
        } catch let error as TaskPlaneError {
            throw error
        } catch {
            throw TaskPlaneError(.malformed, "A frame's body cannot be read: \(error)")
        }
    }
}
