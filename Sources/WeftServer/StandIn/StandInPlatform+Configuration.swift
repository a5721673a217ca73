// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

extension StandInPlatform {
    /// How the stand-in is set up.
    public struct Configuration: Sendable {
        /// The address to listen on.
        public var host: String
        /// The port to listen on; 0 lets the system choose.
        public var port: Int
        /// Whether a task still unfinished at a lost stream is sent again on the next registration.
        public var redelivers: Bool
        /// The only key that is good; nil takes any key that is not empty.
        public var apiKey: String?
        /// The agent that a task is for when it names none; nil takes the only one known.
        public var agentID: String?
        /// How often an idle stream carries a comment.
        public var keepAlive: Duration
        /// How long open answers may take to end at a shutdown before they are broken off.
        public var shutdownGrace: Duration
        /// How many bytes the body of a request may have.
        public var maximumBodyBytes: Int

        /// Creates a configuration.
        public init(
            host: String = "127.0.0.1", port: Int = 0, redelivers: Bool = false, apiKey: String? = nil,
            agentID: String? = nil, keepAlive: Duration = .seconds(3), shutdownGrace: Duration = .seconds(2),
            maximumBodyBytes: Int = 64 * 1024 * 1024
        ) {
            self.host = host
            self.port = port
            self.redelivers = redelivers
            self.apiKey = apiKey
            self.agentID = agentID
            self.keepAlive = keepAlive
            self.shutdownGrace = shutdownGrace
            self.maximumBodyBytes = maximumBodyBytes
        }
    }
}
