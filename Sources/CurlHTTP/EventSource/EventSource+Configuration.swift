// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import ServerSentEvents

extension EventSource {
    /// What to connect to, and how.
    public struct Configuration: Sendable {
        /// The address, of scheme `http` or `https`, without credentials.
        public var url: String

        /// The header fields; `Accept`, `Cache-Control` and `Last-Event-ID` are added.
        public var headers: HTTPHeaders

        /// What becomes of redirects.
        public var redirects: RedirectPolicy

        /// How long the server may take to answer, once asked.
        public var responseTimeout: Duration

        /// How long an open stream may be silent before it is given up and opened again; nil for any time.
        ///
        /// Comments count as signs of life. The time does not run while the consumer holds the stream back.
        public var idleLimit: Duration?

        /// How many bytes wait for a slow consumer before the stream is held back.
        public var bufferBytes: Int

        /// How large one event may be; larger ones are dropped and reported.
        public var maximumEventBytes: Int

        /// The pauses between connections.
        public var reconnect: ReconnectPolicy

        /// Creates a configuration.
        public init(
            url: String,
            headers: HTTPHeaders = [:],
            redirects: RedirectPolicy = .sameOrigin,
            responseTimeout: Duration = .seconds(30),
            idleLimit: Duration? = nil,
            bufferBytes: Int = 256 * 1024,
            maximumEventBytes: Int = EventStreamParser.defaultMaximumEventBytes,
            reconnect: ReconnectPolicy = ReconnectPolicy()
        ) {
            self.url = url
            self.headers = headers
            self.redirects = redirects
            self.responseTimeout = responseTimeout
            self.idleLimit = idleLimit
            self.bufferBytes = bufferBytes
            self.maximumEventBytes = maximumEventBytes
            self.reconnect = reconnect
        }
    }
}
