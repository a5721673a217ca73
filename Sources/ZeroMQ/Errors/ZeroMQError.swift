// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

internal import CZeroMQ

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What went wrong, with a message that says what to do about it.
public struct ZeroMQError: Error, Sendable, CustomStringConvertible {
    /// What kind of error this is.
    public let code: Code
    /// What went wrong and what to do, in a sentence.
    public let message: String
    /// The number libzmq reported, or 0 when the binding found the error itself.
    public let systemError: Int32

    /// Makes an error that the binding found itself.
    ///
    /// - Parameters:
    ///   - code: The kind of error.
    ///   - message: What went wrong and what to do.
    ///   - systemError: The number libzmq reported, if it did.
    public init(_ code: Code, _ message: String, systemError: Int32 = 0) {
        self.code = code
        self.message = message
        self.systemError = systemError
    }

    /// A short text out of a bounded set, fit for a metric's label.
    public var label: String { self.code.description }

    /// The code and the message.
    public var description: String { "\(self.code): \(self.message)" }
}

extension ZeroMQError: Equatable {
    /// Compares the codes and messages.
    public static func == (left: ZeroMQError, right: ZeroMQError) -> Bool {
        left.code == right.code && left.message == right.message
    }
}

extension ZeroMQError {
    /// The error libzmq has just reported on this thread.
    ///
    /// - Parameter doing: What was being done, as "bind to tcp://127.0.0.1:7400".
    static func last(_ doing: String) -> ZeroMQError {
        ZeroMQError.make(number: zmq_errno(), doing: doing)
    }

    static func make(number: Int32, doing: String) -> ZeroMQError {
        let (code, advice) = ZeroMQError.meaning(of: number)
        let reason = zmq_strerror(number).map { String(cString: $0) } ?? "error \(number)"
        let hint = advice.isEmpty ? "" : "; \(advice)"
        return ZeroMQError(code, "cannot \(doing): \(reason)\(hint)", systemError: number)
    }

    private static func meaning(of number: Int32) -> (Code, String) {
        switch number {
        case EADDRINUSE: (.addressInUse, "something else has it, choose another or stop the other program")
        case EADDRNOTAVAIL: (.addressNotAvailable, "no interface of this machine has that address")
        case EACCES, EPERM: (.permissionDenied, "choose a port above 1023 or a path you may write to")
        case EPROTONOSUPPORT: (.unsupportedTransport, "use tcp://, ipc:// or inproc://")
        case ENOCOMPATPROTO: (.unsupportedTransport, "this kind of socket cannot use that transport")
        case ENODEV: (.addressNotAvailable, "no such network interface")
        case ENOENT: (.notFound, "the socket is neither bound nor connected there")
        case ECONNREFUSED: (.connectionRefused, "bind the other side first")
        case EAGAIN: (.wouldBlock, "the queue is full or empty, try again")
        case EHOSTUNREACH: (.unreachable, "no peer with that routing id is connected")
        case ZeroMQError.wrongState: (.wrongState, "the pattern expects a send before this receive or the reverse")
        case ENOTSUP: (.unsupportedOperation, "this kind of socket does not do that")
        case ZeroMQError.contextTerminated: (.terminated, "the context is shutting down, close the socket")
        case EMFILE, ENFILE: (.tooManyOpenFiles, "raise the limit of open files (ulimit -n) or the context's sockets")
        case EMSGSIZE: (.messageTooLarge, "")
        case EINVAL: (.invalidArgument, "")
        case ENOTSOCK: (.closed, "")
        case EINTR: (.interrupted, "")
        case ENOMEM: (.outOfMemory, "")
        default: (.other, "")
        }
    }

    static let wrongState: Int32 = EFSM
    static let contextTerminated: Int32 = ETERM
    static let interruptedCall: Int32 = EINTR
    static let again: Int32 = EAGAIN
    static let unreachableHost: Int32 = EHOSTUNREACH
}
