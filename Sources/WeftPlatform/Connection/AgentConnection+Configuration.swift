// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import CurlHTTP
public import Logging

extension AgentConnection {
    /// How a connection behaves.
    public struct Configuration: Sendable {
        /// How long after the answer to one heartbeat the next is sent.
        public var heartbeatInterval: Duration

        /// How long the stream may be silent before it is opened again; nil for any time.
        ///
        /// Comments are signs of life; a multiple of the platform's keep-alive period is right.
        public var idleLimit: Duration?

        /// The pauses between connections.
        public var reconnect: ReconnectPolicy

        /// Called when a heartbeat or a capacity message has failed; the next one is sent all the same.
        public var onMessageFailure: @Sendable (PlatformError) -> Void

        /// Where the connection says what it does.
        public var logger: Logger?

        /// Creates a configuration.
        public init(
            heartbeatInterval: Duration = .seconds(2), idleLimit: Duration? = .seconds(120),
            reconnect: ReconnectPolicy = ReconnectPolicy(), logger: Logger? = nil,
            onMessageFailure: @escaping @Sendable (PlatformError) -> Void = { _ in }
        ) {
            self.heartbeatInterval = heartbeatInterval
            self.idleLimit = idleLimit
            self.reconnect = reconnect
            self.logger = logger
            self.onMessageFailure = onMessageFailure
        }
    }
}
