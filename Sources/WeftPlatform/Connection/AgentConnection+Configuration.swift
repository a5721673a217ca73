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

        /// How long an open stream may go without registering a worker before it is opened again: comments alone are no sign that it is of use.
        public var registrationLimit: Duration

        /// The pauses between connections.
        public var reconnect: ReconnectPolicy

        /// Called when a heartbeat or a capacity message has failed; the next one is sent all the same.
        public var onMessageFailure: @Sendable (PlatformError) -> Void

        /// Where the connection says what it does.
        public var logger: Logger?

        /// Creates a configuration.
        public init(
            heartbeatInterval: Duration = .seconds(2), idleLimit: Duration? = .seconds(120),
            registrationLimit: Duration = .seconds(30), reconnect: ReconnectPolicy = ReconnectPolicy(),
            logger: Logger? = nil,
            onMessageFailure: @escaping @Sendable (PlatformError) -> Void = { _ in }
        ) {
            self.heartbeatInterval = heartbeatInterval
            self.idleLimit = idleLimit
            self.registrationLimit = registrationLimit
            self.reconnect = reconnect
            self.logger = logger
            self.onMessageFailure = onMessageFailure
        }
    }
}
