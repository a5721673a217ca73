// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

extension HTTPClient {
    /// What holds for all of a client's connections.
    public struct Configuration: Sendable {
        /// How long connecting may take, name look-up and TLS included.
        public var connectTimeout: Duration

        /// A file of certificates, in PEM form, to trust instead of the system's; nil for the system's.
        public var certificateAuthorityFile: String?

        /// What the client calls itself.
        public var userAgent: String

        /// How many connections may be open at once; further requests wait, within their time, for one to be free.
        public var maximumConnections: Int

        /// How many bytes the head of an answer may have.
        public var maximumHeaderBytes: Int

        /// Creates a configuration.
        public init(
            connectTimeout: Duration = .seconds(10),
            certificateAuthorityFile: String? = nil,
            userAgent: String = "weft",
            maximumConnections: Int = 256,
            maximumHeaderBytes: Int = 64 * 1024
        ) {
            self.connectTimeout = connectTimeout
            self.certificateAuthorityFile = certificateAuthorityFile
            self.userAgent = userAgent
            self.maximumConnections = maximumConnections
            self.maximumHeaderBytes = maximumHeaderBytes
        }
    }
}
