// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// A parser for the event-stream format of the WHATWG HTML standard, section 9.2, as a value.
///
/// Bytes go in as they arrive, in pieces of any size; the elements that they complete come out. Nothing that a stream
/// contains is an error: bytes that are not UTF-8 become U+FFFD, unknown fields and comments are skipped, and an event
/// that the stream's end cuts short is forgotten.
///
/// The parser holds one unfinished event at a time, of at most ``maximumEventBytes`` of data.
public struct EventStreamParser: Sendable {
    /// The largest event that is taken by default: 16 MiB, the largest task that Weft accepts.
    public static let defaultMaximumEventBytes = 16 * 1024 * 1024

    /// How many bytes one event may have, counted over its lines without their ends and without comments.
    public let maximumEventBytes: Int

    /// The id to send as `Last-Event-ID` when connecting again; empty when there is none.
    public private(set) var lastEventID: String

    /// How long the stream asks clients to wait before they connect again, or nil if it has not said so.
    public private(set) var retry: Duration?

    /// How many events were dropped because they were too large.
    public private(set) var oversizedEvents: UInt64 = 0

    /// How many bytes of the byte order mark were seen at the start of the stream; three when that start is over.
    private var markProgress = 0
    /// The last line ended in a carriage return, so that a line feed that follows belongs to it.
    private var endedInReturn = false
    /// The start of a line whose end has not arrived.
    private var line: [UInt8] = []
    /// The current line is a comment.
    private var isComment = false
    /// The current line is longer than the limit for a whole event.
    private var isLineTooLong = false
    private var data: [UInt8] = []
    private var name: [UInt8] = []
    private var pendingID: String
    /// Bytes of the current event, without comments and line ends.
    private var eventBytes = 0
    private var isOversized = false
    /// How much of an oversized event's data is kept: enough to say whose it was.
    private static let keptOfOversized = 4096
    private var start: [UInt8] = []

    /// Creates a parser at the start of a stream.
    ///
    /// - Parameters:
    ///   - lastEventID: The id that earlier streams of the same source ended with.
    ///   - maximumEventBytes: How many bytes one event may have; larger ones are dropped and reported.
    public init(lastEventID: String = "", maximumEventBytes: Int = Self.defaultMaximumEventBytes) {
        self.lastEventID = lastEventID
        self.pendingID = lastEventID
        self.maximumEventBytes = max(1, maximumEventBytes)
    }

    /// Starts over with a new stream of the same source.
    ///
    /// What was unfinished is forgotten; the last event id, the retry time and the counter stay.
    public mutating func restart() {
        self.markProgress = 0
        self.endedInReturn = false
        self.line = []
        self.isComment = false
        self.isLineTooLong = false
        self.pendingID = self.lastEventID
        self.forgetEvent()
    }

    /// Takes the next bytes of the stream.
    ///
    /// - Returns: The elements that these bytes complete, in the order of the stream.
    public mutating func append(_ bytes: some Collection<UInt8>) -> [EventStreamElement] {
        let bytes = Array(bytes)
        var elements: [EventStreamElement] = []
        var start = self.skipMark(bytes)
        while start < bytes.count {
            if self.endedInReturn {
                self.endedInReturn = false
                if bytes[start] == .lineFeed {
                    start += 1
                    continue
                }
            }
            let end = LineEnd.first(in: bytes.span.bytes, from: start)
            guard end < bytes.count else {
                self.keep(bytes[start...])
                break
            }
            self.endedInReturn = bytes[end] == .carriageReturn
            self.endLine(with: bytes[start..<end], into: &elements)
            start = end + 1
        }
        return elements
    }

    /// Steps over a byte order mark at the very start of the stream, which may arrive byte by byte.
    private mutating func skipMark(_ bytes: [UInt8]) -> Int {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        var index = 0
        while self.markProgress < mark.count, index < bytes.count {
            guard bytes[index] == mark[self.markProgress] else {
                // No mark after all: what looked like one is the start of the first line.
                self.line = Array(mark[..<self.markProgress])
                self.eventBytes = self.markProgress
                self.markProgress = mark.count
                return index
            }
            self.markProgress += 1
            index += 1
        }
        return index
    }

    /// Keeps the start of a line whose end is still to come.
    private mutating func keep(_ piece: ArraySlice<UInt8>) {
        if !self.isComment, self.line.isEmpty, !self.isLineTooLong, piece.first == .colon {
            self.isComment = true
        }
        // Comments keep a connection alive: they may go on for ever without an event, and are never kept.
        guard !self.isComment else { return }
        self.count(piece)
        if self.isLineTooLong || self.line.count + piece.count > self.maximumEventBytes {
            self.isLineTooLong = true
            self.line = []
        } else {
            self.line.append(contentsOf: piece)
        }
    }

    private mutating func endLine(with rest: ArraySlice<UInt8>, into elements: inout [EventStreamElement]) {
        if self.isComment {
            self.isComment = false
        } else if self.isLineTooLong {
            self.isLineTooLong = false
            self.count(rest)
        } else if self.line.isEmpty {
            if rest.isEmpty {
                self.endEvent(into: &elements)
            } else if rest.first != .colon {
                self.count(rest)
                self.interpret(rest)
            }
        } else {
            self.count(rest)
            var whole: [UInt8] = []
            swap(&whole, &self.line)
            whole.append(contentsOf: rest)
            self.interpret(whole[...])
            Self.recycle(&whole)
            swap(&whole, &self.line)
        }
    }

    /// Counts bytes of the current event; when they exceed the limit, the event is dropped and its memory freed.
    private mutating func count(_ piece: ArraySlice<UInt8>) {
        let room = max(0, self.maximumEventBytes - self.eventBytes)
        self.eventBytes += piece.count
        if self.eventBytes > self.maximumEventBytes, !self.isOversized {
            self.isOversized = true
            // What came up to the limit, however it was cut into pieces on its way.
            let most = Self.keptOfOversized + "data: ".utf8.count
            var line = self.line.prefix(most)
            line += piece.prefix(min(room, most - line.count))
            self.start = Array(self.data.prefix(Self.keptOfOversized))
            if line.starts(with: "data:".utf8) {
                var value = line.dropFirst(5)
                if value.first == .space { value = value.dropFirst() }
                self.start += value.prefix(Self.keptOfOversized - self.start.count)
            }
            self.data = []
        }
    }

    private mutating func interpret(_ line: ArraySlice<UInt8>) {
        // The rest of an event that is dropped is read on, for its name and id; but no line of that length is.
        guard line.count <= self.maximumEventBytes else { return }
        let colon = line.firstIndex(of: .colon) ?? line.endIndex
        var value = line[min(colon + 1, line.endIndex)...]
        if value.first == .space {
            value = value.dropFirst()
        }
        switch Field(line[..<colon]) {
        case .data:
            guard !self.isOversized else { return }
            self.data.append(contentsOf: value)
            self.data.append(.lineFeed)
        case .event:
            self.name = Array(value)
        case .id:
            guard !value.contains(0) else { return }
            self.pendingID = String(decoding: value, as: UTF8.self)
        case .retry:
            guard !value.isEmpty, value.allSatisfy({ (0x30...0x39).contains($0) }),
                let milliseconds = Int64(String(decoding: value, as: UTF8.self))
            else { return }
            self.retry = .milliseconds(milliseconds)
        case nil:
            break
        }
    }

    private mutating func endEvent(into elements: inout [EventStreamElement]) {
        self.lastEventID = self.pendingID
        let name = self.name.isEmpty ? "message" : String(decoding: self.name, as: UTF8.self)
        if self.isOversized {
            self.oversizedEvents += 1
            elements.append(
                .oversized(
                    name: name, id: self.lastEventID, byteCount: self.eventBytes,
                    start: String(decoding: self.start, as: UTF8.self)))
        } else if !self.data.isEmpty {
            let text = String(decoding: self.data.dropLast(), as: UTF8.self)
            elements.append(.event(ServerSentEvent(name: name, data: text, id: self.lastEventID)))
        }
        self.forgetEvent()
    }

    private mutating func forgetEvent() {
        Self.recycle(&self.data)
        self.name.removeAll(keepingCapacity: true)
        self.eventBytes = 0
        self.isOversized = false
        self.start = []
    }

    /// Empties a buffer; keeps the memory of an ordinary event, and lets go of that of an extraordinary one.
    private static func recycle(_ buffer: inout [UInt8]) {
        buffer.removeAll(keepingCapacity: buffer.capacity <= 64 * 1024)
    }
}

extension EventStreamParser {
    /// The fields that mean something; all other names are skipped.
    private enum Field {
        case data
        case event
        case id
        case retry

        init?(_ name: ArraySlice<UInt8>) {
            if name.elementsEqual("data".utf8) {
                self = .data
            } else if name.elementsEqual("event".utf8) {
                self = .event
            } else if name.elementsEqual("id".utf8) {
                self = .id
            } else if name.elementsEqual("retry".utf8) {
                self = .retry
            } else {
                return nil
            }
        }
    }
}

extension UInt8 {
    fileprivate static let carriageReturn: UInt8 = 0x0D
    fileprivate static let colon: UInt8 = 0x3A
    fileprivate static let lineFeed: UInt8 = 0x0A
    fileprivate static let space: UInt8 = 0x20
}
