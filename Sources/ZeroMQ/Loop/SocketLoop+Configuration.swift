// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

extension SocketLoop {
    /// What a loop is made with.
    public struct Configuration: Hashable, Sendable {
        /// The thread's name, at most 15 bytes.
        public var name: String = "socket-loop"
        /// Messages that one socket may deliver before the others have their turn.
        public var messageBudget: Int = 256
        /// Bytes that one socket may deliver before the others have their turn.
        public var byteBudget: Int = 4 << 20
        /// How often an idle loop looks for sockets that have something but did not say so.
        public var sweepInterval: Duration = .seconds(1)
        /// After how long a publisher that refused a message is tried again: libzmq does not say when it has room.
        public var publisherRetry: Duration = .milliseconds(1)

        /// Makes the defaults.
        public init() {}
    }
}
