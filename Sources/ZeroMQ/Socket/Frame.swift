// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

internal import CZeroMQ

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// One frame of a message, in libzmq's own memory: what is received this way is not copied.
///
/// Most programs are better served by ``Message``. Frames pay off for large bodies that are read once and dropped.
public struct Frame: ~Copyable {
    /// libzmq itself moves its messages by copying this struct (`zmq_msg_move`), so Swift may as well.
    var raw = zmq_msg_t()

    /// Makes an empty frame.
    public init() {
        zmq_msg_init(&self.raw)
    }

    /// Makes a frame from bytes, with one copy.
    ///
    /// - Parameter bytes: What it holds.
    public init(_ bytes: some Collection<UInt8>) throws(ZeroMQError) {
        let contiguous = bytes.withContiguousStorageIfAvailable { buffer in
            Frame.make(UnsafeRawBufferPointer(buffer))
        }
        var made = contiguous ?? nil
        if made == nil { made = [UInt8](bytes).withUnsafeBytes { Frame.make($0) } }
        guard let made else { throw ZeroMQError(.outOfMemory, "no memory for a frame of \(bytes.count) bytes") }
        self.raw = made
    }

    deinit {
        var raw = self.raw
        zmq_msg_close(&raw)
    }

    /// Bytes it holds.
    public var count: Int { self.withRaw { zmq_msg_size($0) } }

    /// Whether more frames of the same message follow.
    public var hasMore: Bool { self.withRaw { zmq_msg_more($0) != 0 } }

    /// Who sent it, as the authenticator named them; nil without one.
    public var userID: String? { self.metadata("User-Id") }

    /// The address of the peer that sent it, over TCP.
    public var peerAddress: String? { self.metadata("Peer-Address") }

    /// Reads what the connection knows about the sender.
    ///
    /// - Parameter name: As "User-Id", "Peer-Address", "Socket-Type", "Routing-Id".
    public func metadata(_ name: String) -> String? {
        self.withRaw { raw in zmq_msg_gets(raw, name).map { String(cString: $0) } }
    }

    /// Reads the bytes where they are.
    ///
    /// - Parameter body: What reads them; the span ends with it.
    public func withBytes<Result, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try self.withRaw { raw throws(Failure) in
            try body(UnsafeRawBufferPointer(start: zmq_msg_data(raw), count: zmq_msg_size(raw)).bytes)
        }
    }

    /// A copy of the bytes.
    public func bytes() -> [UInt8] { self.withRaw { Frame.copy($0) } }

    /// Only for calls that change nothing.
    ///
    /// A small frame lies inside the struct, so its address ends with `body`.
    private func withRaw<Result, Failure: Error>(
        _ body: (UnsafeMutablePointer<zmq_msg_t>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try withUnsafePointer(to: self.raw) { raw throws(Failure) in
            try body(UnsafeMutablePointer(mutating: raw))
        }
    }

    static func copy(_ raw: UnsafeMutablePointer<zmq_msg_t>) -> [UInt8] {
        let count = zmq_msg_size(raw)
        guard count > 0, let source = zmq_msg_data(raw) else { return [] }
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            buffer.baseAddress?.withMemoryRebound(to: UInt8.self, capacity: count) { target in
                _ = memcpy(target, source, count)
            }
            initialized = count
        }
    }

    private static func make(_ bytes: UnsafeRawBufferPointer) -> zmq_msg_t? {
        var raw = zmq_msg_t()
        guard zmq_msg_init_size(&raw, bytes.count) == 0 else { return nil }
        if bytes.count > 0, let target = zmq_msg_data(&raw), let source = bytes.baseAddress {
            memcpy(target, source, bytes.count)
        }
        return raw
    }
}
