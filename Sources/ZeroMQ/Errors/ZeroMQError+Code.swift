// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

extension ZeroMQError {
    /// A kind of error.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Base: String {
            case addressInUse, addressNotAvailable, permissionDenied, unsupportedTransport, invalidEndpoint, notFound
            case connectionRefused, wouldBlock, timedOut, unreachable, wrongState, unsupportedOperation, terminated
            case tooManyOpenFiles, descriptorLimitTooLow, messageTooLarge, invalidArgument, invalidKey
            case subscriptionLength, noFreePort, closed, interrupted, outOfMemory, curveMissing, threadFailed, other
        }

        private let base: Base

        private init(_ base: Base) {
            self.base = base
        }

        /// The name of the code.
        public var description: String { self.base.rawValue }

        /// Another socket is bound there.
        public static let addressInUse = Code(.addressInUse)
        /// This machine has no such address.
        public static let addressNotAvailable = Code(.addressNotAvailable)
        /// The system does not allow it.
        public static let permissionDenied = Code(.permissionDenied)
        /// The transport is unknown to libzmq, or to this kind of socket.
        public static let unsupportedTransport = Code(.unsupportedTransport)
        /// The text is not an endpoint.
        public static let invalidEndpoint = Code(.invalidEndpoint)
        /// The socket is not bound or connected there.
        public static let notFound = Code(.notFound)
        /// Nothing is bound there.
        public static let connectionRefused = Code(.connectionRefused)
        /// It cannot be done now without waiting.
        public static let wouldBlock = Code(.wouldBlock)
        /// It did not happen in the time given.
        public static let timedOut = Code(.timedOut)
        /// No such peer is connected.
        public static let unreachable = Code(.unreachable)
        /// The pattern does not allow it now (as two requests in a row on a REQ socket).
        public static let wrongState = Code(.wrongState)
        /// This kind of socket does not do that.
        public static let unsupportedOperation = Code(.unsupportedOperation)
        /// The context is shutting down.
        public static let terminated = Code(.terminated)
        /// The process, or the context, has as many sockets or files open as it may.
        public static let tooManyOpenFiles = Code(.tooManyOpenFiles)
        /// The limit of open files is too low for the context asked for.
        public static let descriptorLimitTooLow = Code(.descriptorLimitTooLow)
        /// The message is larger than allowed.
        public static let messageTooLarge = Code(.messageTooLarge)
        /// A value is out of its range.
        public static let invalidArgument = Code(.invalidArgument)
        /// The text is not a CURVE key.
        public static let invalidKey = Code(.invalidKey)
        /// A subscription of a length that libzmq 4.3.4 breaks.
        public static let subscriptionLength = Code(.subscriptionLength)
        /// Every port that was tried is taken.
        public static let noFreePort = Code(.noFreePort)
        /// The socket or the loop is closed.
        public static let closed = Code(.closed)
        /// A signal arrived.
        public static let interrupted = Code(.interrupted)
        /// The system is out of memory.
        public static let outOfMemory = Code(.outOfMemory)
        /// This libzmq was built without CURVE.
        public static let curveMissing = Code(.curveMissing)
        /// A thread could not be started.
        public static let threadFailed = Code(.threadFailed)
        /// Anything else; see the message.
        public static let other = Code(.other)
    }
}
