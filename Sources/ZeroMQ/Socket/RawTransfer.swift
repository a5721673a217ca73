// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

internal import CZeroMQ

/// Whole messages to and from a socket's handle, shared by ``Socket`` and the loop.
enum RawTransfer {
    enum Outcome {
        case done
        case failed(Int32)
    }

    /// Sends all frames or none.
    ///
    /// `flags` is 0 or `ZMQ_DONTWAIT`.
    static func send(_ message: borrowing Message, to handle: UnsafeMutableRawPointer, flags: Int32) -> Outcome {
        if message.rest.isEmpty { return self.send(message.first, to: handle, flags: flags) }
        let first = self.send(message.first, to: handle, flags: flags | ZMQ_SNDMORE)
        guard case .done = first else { return first }
        var outcome = Outcome.done
        for index in message.rest.indices {
            let more = index < message.rest.count - 1 ? ZMQ_SNDMORE : 0
            let result = self.send(message.rest[index], to: handle, flags: flags | more)
            // The peer went away between two frames and libzmq took the first ones back. It then swallows frames up to
            // the end of this message, so the rest must still be handed over, or the next message would be swallowed.
            if case .failed = result, case .done = outcome { outcome = result }
        }
        return outcome
    }

    static func send(_ bytes: [UInt8], to handle: UnsafeMutableRawPointer, flags: Int32) -> Outcome {
        while true {
            if zmq_send(handle, bytes, bytes.count, flags) >= 0 { return .done }
            let number = zmq_errno()
            guard number == ZeroMQError.interruptedCall else { return .failed(number) }
        }
    }

    /// Receives one whole message into Swift's memory, with one copy.
    ///
    /// - Parameter scratch: An initialised libzmq message to receive into; it can be used again.
    static func receive(
        from handle: UnsafeMutableRawPointer, scratch: UnsafeMutablePointer<zmq_msg_t>, flags: Int32, readsUserID: Bool,
        into message: inout Message
    ) -> Outcome {
        if case .failed(let number) = self.receiveFrame(from: handle, scratch: scratch, flags: flags) {
            return .failed(number)
        }
        message = Message(Frame.copy(scratch))
        if readsUserID { message.userID = self.userID(scratch) }
        // The frames of a message arrive together, so the rest is there.
        while zmq_msg_more(scratch) != 0 {
            if case .failed(let number) = self.receiveFrame(from: handle, scratch: scratch, flags: 0) {
                return .failed(number)
            }
            message.rest.append(Frame.copy(scratch))
            // A ROUTER makes the first frame itself, and that one knows nothing of its sender.
            if readsUserID, message.userID == nil { message.userID = self.userID(scratch) }
        }
        return .done
    }

    private static func userID(_ raw: UnsafeMutablePointer<zmq_msg_t>) -> String? {
        zmq_msg_gets(raw, "User-Id").map { String(cString: $0) }
    }

    private static func receiveFrame(
        from handle: UnsafeMutableRawPointer, scratch: UnsafeMutablePointer<zmq_msg_t>, flags: Int32
    ) -> Outcome {
        while true {
            if zmq_msg_recv(scratch, handle, flags) >= 0 { return .done }
            let number = zmq_errno()
            guard number == ZeroMQError.interruptedCall else { return .failed(number) }
        }
    }
}
