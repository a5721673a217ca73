// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftBus
import WeftValue

/// Writes events into a batch, one after another, straight into the frame that will be sent.
public struct EventBatchBuilder: Sendable {
    /// The node that emits.
    public let origin: NodeID
    /// How many events have been written.
    public private(set) var count = 0
    /// The sequence of the first event.
    public private(set) var first: UInt64 = 0
    private var baseTime: Int64 = 0
    private var writer = MessagePackWriter()
    private var scratch = MessagePackWriter()

    /// Creates an empty batch.
    public init(origin: NodeID) {
        self.origin = origin
    }

    /// Whether nothing has been written.
    public var isEmpty: Bool { self.count == 0 }
    /// The size of the frame so far.
    public var byteCount: Int { self.writer.bytes.count }
    /// The sequence that the next event must have.
    public var next: UInt64 { self.first + UInt64(self.count) }

    /// Writes an event.
    ///
    /// - Parameters:
    ///   - name: The event's name.
    ///   - arguments: Its arguments.
    ///   - time: Microseconds since 1970.
    ///   - sequence: Its place in the stream: the one after the event before.
    public mutating func append(name: String, arguments: EventArguments, time: Int64, sequence: UInt64) {
        self.begin(name, time, sequence)
        if let bytes = arguments.bytes {
            self.writer.write(bytes)
        } else {
            // How many bytes they take stands before them.
            self.scratch.removeAll()
            arguments.write(to: &self.scratch)
            self.writer.write(self.scratch.bytes)
        }
        self.count += 1
    }

    /// Writes an event whose arguments are a part of some bytes.
    ///
    /// - Returns: The size of the frame so far.
    package mutating func append(
        name: String, arguments bytes: [UInt8], _ part: Range<Int>, time: Int64, sequence: UInt64
    ) -> Int {
        self.begin(name, time, sequence)
        self.writer.write(bytes, part)
        self.count += 1
        return self.byteCount
    }

    private mutating func begin(_ name: String, _ time: Int64, _ sequence: UInt64) {
        if self.count == 0 { self.writeHeader(time, sequence) }
        self.writer.write(name)
        self.writer.write(time.subtractingReportingOverflow(self.baseTime).partialValue)
    }

    private mutating func writeHeader(_ time: Int64, _ sequence: UInt64) {
        self.first = sequence
        self.baseTime = time
        var header: [UInt8] = [WireFormat.batchTopic, WireFormat.newestVersion]
        header.append(contentsOf: self.origin.bytes)
        header.appendBigEndian(sequence)
        header.appendBigEndian(UInt32(0))  // the count, known at the end
        header.appendBigEndian(time)
        self.writer.append(encoded: header)
    }

    /// Writes an event whose arguments are one MessagePack array already.
    public mutating func append(name: String, arguments: [UInt8], time: Int64, sequence: UInt64) {
        self.append(name: name, arguments: EventArguments(encoded: arguments[...]), time: time, sequence: sequence)
    }

    /// The finished batch, which must not be empty; the builder is empty again.
    public mutating func finishBatch() -> EventBatch {
        let (first, count, baseTime) = (self.first, self.count, self.baseTime)
        return EventBatch(
            origin: self.origin, first: first, count: count, baseTime: baseTime, frame: self.finish())
    }

    /// The finished frame; the builder is empty again.
    public mutating func finish() -> [UInt8] {
        var frame = self.writer.bytes
        var count: [UInt8] = []
        count.appendBigEndian(UInt32(clamping: self.count))
        self.writer = MessagePackWriter(capacity: min(frame.count, WireFormat.batchClosesAt))
        self.count = 0
        if frame.count >= WireFormat.batchHeaderSize { frame.replaceSubrange(26..<30, with: count) }
        return frame
    }
}
