// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftBus
import WeftValue

/// Reads the messages of which there are as many as tasks straight from their frames.
///
/// It knows only the usual form; whatever is otherwise is left to be read as a tree of values, which also names what is wrong.
struct TaskFrameReader {
    private var reader: MessagePackReader
    /// The epoch read last, and its bytes: most references of a frame share one.
    private var epoch: (bytes: ArraySlice<UInt8>, value: TaskEpoch)?

    init(_ body: ArraySlice<UInt8>) {
        // As deep as in the tree, in which an outcome among several is at the fourth level.
        self.reader = MessagePackReader(body, depthLimit: MessagePack.depthLimit - 4)
    }

    // MARK: - Messages

    /// What a coordinator sends: `read` takes the fields of its own.
    mutating func coordinatorMessage<Content>(
        _ field: Character, _ read: (inout Self) throws -> Content?
    ) throws -> (Content, NodeID, TaskEpoch)? {
        guard try self.reader.readMapHeader() == 3 else { return nil }
        var content: Content?
        var worker: NodeID?
        var epoch: TaskEpoch?
        for _ in 0..<3 {
            switch self.reader.readShortKey() {
            case UInt8(ascii: "e"): epoch = try self.readEpoch()
            case UInt8(ascii: "w"): worker = NodeID(bytes: try self.reader.readBin())
            case field.asciiValue: content = try read(&self)
            default: return nil
            }
        }
        guard let content, let worker, let epoch, self.reader.isAtEnd else { return nil }
        return (content, worker, epoch)
    }

    /// What a worker sends: `read` takes the field of its own.
    mutating func workerMessage<Content>(
        _ field: Character, _ read: (inout Self) throws -> Content?
    ) throws -> (Content, NodeID)? {
        guard try self.reader.readMapHeader() == 2 else { return nil }
        var content: Content?
        var worker: NodeID?
        for _ in 0..<2 {
            switch self.reader.readShortKey() {
            case UInt8(ascii: "w"): worker = NodeID(bytes: try self.reader.readBin())
            case field.asciiValue: content = try read(&self)
            default: return nil
            }
        }
        guard let content, let worker, self.reader.isAtEnd else { return nil }
        return (content, worker)
    }

    // MARK: - Fields

    mutating func readRequests() throws -> [TaskRequest]? {
        let count = try self.reader.readArrayHeader()
        var requests: [TaskRequest] = []
        requests.reserveCapacity(min(count, 1024))
        for _ in 0..<count {
            guard let request = try self.readRequest() else { return nil }
            requests.append(request)
        }
        return requests
    }

    mutating func readReferences() throws -> [TaskReference]? {
        let count = try self.reader.readArrayHeader()
        var references: [TaskReference] = []
        references.reserveCapacity(min(count, 1024))
        for _ in 0..<count {
            guard let reference = try self.readReference() else { return nil }
            references.append(reference)
        }
        return references
    }

    mutating func readEndings() throws -> [TaskEnding]? {
        let count = try self.reader.readArrayHeader()
        var endings: [TaskEnding] = []
        endings.reserveCapacity(min(count, 1024))
        for _ in 0..<count {
            guard try self.reader.readArrayHeader() == 2, let reference = try self.readReference() else { return nil }
            endings.append(TaskEnding(reference, try self.readOutcome()))
        }
        return endings
    }

    // MARK: - Parts

    private mutating func readRequest() throws -> TaskRequest? {
        var request = TaskRequest(id: "", attempt: 0, source: .submit, queue: "", payload: .null)
        var required = 0
        for _ in 0..<(try self.reader.readMapHeader()) {
            switch self.reader.readShortKey() {
            case UInt8(ascii: "a"): request.attempt = try self.reader.readInt()
            case UInt8(ascii: "g"): request.agentID = try self.reader.readString()
            case UInt8(ascii: "i"): request.id = try self.reader.readString()
            case UInt8(ascii: "n"): request.name = try self.reader.readString()
            case UInt8(ascii: "p"):
                request.payload = try self.reader.readValue()
                required += 1
            case UInt8(ascii: "q"): request.queue = try self.reader.readString()
            case UInt8(ascii: "s"):
                guard let source = TaskRequest.Source(rawValue: try self.reader.readString()) else { return nil }
                request.source = source
                required += 1
            case UInt8(ascii: "t"): request.traceParent = try self.reader.readString()
            default: return nil
            }
        }
        let bounds = 1...TaskDefaults.maximumNameBytes
        guard required == 2, (1...1_000_000_000).contains(request.attempt), bounds.contains(request.id.utf8.count),
            bounds.contains(request.queue.utf8.count)
        else { return nil }
        return request
    }

    private mutating func readReference() throws -> TaskReference? {
        guard try self.reader.readArrayHeader() == 3 else { return nil }
        let id = try self.reader.readString()
        let attempt = try self.reader.readInt()
        guard !id.isEmpty, attempt > 0 else { return nil }
        return TaskReference(id: id, attempt: attempt, epoch: try self.readEpoch())
    }

    private mutating func readEpoch() throws -> TaskEpoch {
        if let epoch, self.reader.skip(ifNext: epoch.bytes) { return epoch.value }
        let before = self.reader
        let value = try TaskEpoch(value: try self.reader.readValue())
        let count = before.remaining.count - self.reader.remaining.count
        self.epoch = (before.remaining.prefix(count), value)
        return value
    }

    private mutating func readOutcome() throws -> TaskOutcome {
        let before = self.reader
        if try self.reader.readMapHeader() == 2, self.reader.readShortKey() == UInt8(ascii: "k"),
            try self.reader.readString() == "completed", self.reader.readShortKey() == UInt8(ascii: "v")
        {
            return .completed(TaskResult(try self.reader.readValue()))
        }
        self.reader = before
        return try TaskOutcome(value: try self.reader.readValue())
    }
}

extension TaskFrame {
    /// Reads a coordinator's message in its usual form; nil when it has another, or is not of those that are many.
    static func readDirectly(
        coordinatorMessage kind: Kind, _ body: ArraySlice<UInt8>
    ) -> (message: CoordinatorMessage, worker: NodeID, epoch: TaskEpoch)? {
        var reader = TaskFrameReader(body)
        switch kind {
        case .dispatch:
            guard let (requests, worker, epoch) = try? reader.coordinatorMessage("t", { try $0.readRequests() }) else {
                return nil
            }
            return (.dispatch(requests), worker, epoch)
        case .acknowledged:
            guard let (references, worker, epoch) = try? reader.coordinatorMessage("r", { try $0.readReferences() })
            else { return nil }
            return (.acknowledged(references), worker, epoch)
        default:
            return nil
        }
    }

    /// Reads a worker's message in its usual form; nil when it has another, or is not of those that are many.
    static func readDirectly(
        workerMessage kind: Kind, _ body: ArraySlice<UInt8>
    ) -> (message: WorkerMessage, worker: NodeID)? {
        var reader = TaskFrameReader(body)
        switch kind {
        case .started:
            guard let (references, worker) = try? reader.workerMessage("r", { try $0.readReferences() }) else {
                return nil
            }
            return (.started(references), worker)
        case .results:
            guard let (endings, worker) = try? reader.workerMessage("o", { try $0.readEndings() }) else { return nil }
            return (.results(endings), worker)
        default:
            return nil
        }
    }
}
