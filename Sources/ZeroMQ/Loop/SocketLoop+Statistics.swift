// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

extension SocketLoop {
    /// What a loop has done so far, as of its last rest.
    public struct Statistics: Hashable, Sendable {
        /// Times it went round.
        public var turns: UInt64 = 0
        /// Jobs of actors and posted closures it ran.
        public var work: UInt64 = 0
        /// Messages received.
        public var received: UInt64 = 0
        /// Messages sent.
        public var sent: UInt64 = 0
        /// Sends that a full queue refused.
        public var refused: UInt64 = 0
        /// Times a socket was found readable that had not said so.
        ///
        /// It stays 0, or messages waited for nothing.
        public var missedEdges: UInt64 = 0
        /// Sockets it holds.
        public var sockets: Int = 0
        /// How late the latest timer was.
        public var lag: Duration = .zero
        /// How late the tardiest timer was.
        public var maximumLag: Duration = .zero
        /// How long the longest turn took, without the rest.
        public var maximumTurn: Duration = .zero
    }
}
