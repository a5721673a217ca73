// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

internal import CZeroMQ

extension Socket {
    /// Sends a message, waiting while the queue is full.
    ///
    /// - Parameter message: What to send.
    public func send(_ message: borrowing Message) throws(ZeroMQError) {
        if case .failed(let number) = RawTransfer.send(message, to: self.handle, flags: 0) {
            throw self.failure(number, "send a message on")
        }
    }

    /// Sends a message of one frame, waiting while the queue is full.
    ///
    /// - Parameter bytes: What to send.
    public func send(_ bytes: [UInt8]) throws(ZeroMQError) {
        if case .failed(let number) = RawTransfer.send(bytes, to: self.handle, flags: 0) {
            throw self.failure(number, "send a message on")
        }
    }

    /// Sends a message if that can be done without waiting.
    ///
    /// - Parameter message: What to send.
    /// - Returns: Whether it was taken; false when the queue is full or no peer is there.
    public func trySend(_ message: borrowing Message) throws(ZeroMQError) -> Bool {
        switch RawTransfer.send(message, to: self.handle, flags: ZMQ_DONTWAIT) {
        case .done: return true
        case .failed(ZeroMQError.again): return false
        case .failed(let number): throw self.failure(number, "send a message on")
        }
    }

    /// Sends a message, waiting while the queue is full, but no longer than `limit`.
    ///
    /// - Parameters:
    ///   - message: What to send.
    ///   - limit: How long to wait; then ``ZeroMQError/Code/timedOut`` is thrown.
    public func send(_ message: borrowing Message, within limit: Duration) throws(ZeroMQError) {
        let deadline = MonotonicClock.deadline(after: limit)
        while try !self.trySend(message) {
            try self.wait(for: Int16(ZMQ_POLLOUT), until: deadline, "send a message on")
        }
    }

    /// Receives a message, waiting until one is there.
    public func receive() throws(ZeroMQError) -> Message {
        try self.receive(flags: 0)
    }

    /// Receives a message if one is there.
    public func tryReceive() throws(ZeroMQError) -> Message? {
        do throws(ZeroMQError) {
            return try self.receive(flags: ZMQ_DONTWAIT)
        } catch {
            guard error.code == .wouldBlock else { throw error }
            return nil
        }
    }

    /// Receives a message, waiting no longer than `limit`.
    ///
    /// - Parameter limit: How long to wait; then ``ZeroMQError/Code/timedOut`` is thrown.
    public func receive(within limit: Duration) throws(ZeroMQError) -> Message {
        let deadline = MonotonicClock.deadline(after: limit)
        while true {
            if let message = try self.tryReceive() { return message }
            try self.wait(for: Int16(ZMQ_POLLIN), until: deadline, "receive a message on")
        }
    }

    /// Sends one frame without copying it again, waiting while the queue is full.
    ///
    /// - Parameters:
    ///   - frame: What to send.
    ///   - more: Whether more frames of the same message follow.
    public func send(_ frame: consuming Frame, more: Bool = false) throws(ZeroMQError) {
        while zmq_msg_send(&frame.raw, self.handle, more ? ZMQ_SNDMORE : 0) < 0 {
            let number = zmq_errno()
            guard number == ZeroMQError.interruptedCall else { throw self.failure(number, "send a frame on") }
        }
    }

    /// Receives one frame without copying it, waiting until one is there; see ``Frame/hasMore``.
    public func receiveFrame() throws(ZeroMQError) -> Frame {
        var frame = Frame()
        while zmq_msg_recv(&frame.raw, self.handle, 0) < 0 {
            let number = zmq_errno()
            guard number == ZeroMQError.interruptedCall else { throw self.failure(number, "receive a frame on") }
        }
        return frame
    }

    private func receive(flags: Int32) throws(ZeroMQError) -> Message {
        var frame = Frame()
        var message = Message([])
        let outcome = RawTransfer.receive(
            from: self.handle, scratch: &frame.raw, flags: flags, readsUserID: true, into: &message)
        if case .failed(let number) = outcome { throw self.failure(number, "receive a message on") }
        return message
    }

    private func wait(for events: Int16, until deadline: UInt64, _ doing: String) throws(ZeroMQError) {
        let now = MonotonicClock.now()
        guard now < deadline else {
            throw ZeroMQError(.timedOut, "could not \(doing) a \(self.kind) socket in the time given")
        }
        var item = zmq_pollitem_t(socket: self.handle, fd: 0, events: events, revents: 0)
        let left = min((deadline - now) / 1_000_000 + 1, 86_400_000)
        if zmq_poll(&item, 1, Int(clamping: left)) < 0 {
            let number = zmq_errno()
            guard number == ZeroMQError.interruptedCall else { throw self.failure(number, doing) }
        }
    }

    private func failure(_ number: Int32, _ doing: String) -> ZeroMQError {
        ZeroMQError.make(number: number, doing: "\(doing) a \(self.kind) socket")
    }
}
