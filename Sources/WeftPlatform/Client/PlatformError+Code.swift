// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

extension PlatformError {
    /// The kinds of error.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Value: String {
            case cancelled, invalidSettings, missingSettings, redirected, status, unreachable, unreadableEvent
            case unreadableReply, unreadableTask, untrusted
        }

        private let value: Value

        private init(_ value: Value) {
            self.value = value
        }

        /// The caller was cancelled, or the client shut down, before there was an answer.
        public static let cancelled = Self(.cancelled)
        /// A setting has a value that cannot be used.
        public static let invalidSettings = Self(.invalidSettings)
        /// Settings are missing; ``PlatformError/missing`` names every one.
        public static let missingSettings = Self(.missingSettings)
        /// The platform points to another address, where the key must not go.
        public static let redirected = Self(.redirected)
        /// The platform answered with a status of 400 or above; see ``PlatformError/status``.
        public static let status = Self(.status)
        /// No complete answer came: no connection, a broken one, or no answer in time.
        public static let unreachable = Self(.unreachable)
        /// An event of the stream could not be read.
        public static let unreadableEvent = Self(.unreadableEvent)
        /// The answer was not what the protocol says.
        public static let unreadableReply = Self(.unreadableReply)
        /// A task lacks what is needed to run it; ``PlatformError/taskID`` is set if it can be reported at least.
        public static let unreadableTask = Self(.unreadableTask)
        /// The server's certificate is not trusted.
        public static let untrusted = Self(.untrusted)

        /// The code's name.
        public var description: String { self.value.rawValue }
    }

    /// What is to be done with a request that failed.
    public struct Disposition: Hashable, Sendable, CustomStringConvertible {
        private enum Value: String { case retry, refused, `operator` }

        private let value: Value

        /// Repeat it after a growing, jittered pause: the failure may pass by itself.
        public static let retry = Self(value: .retry)
        /// Give it up: the platform has understood and said no.
        public static let refused = Self(value: .refused)
        /// Keep it, say so loudly and repeat it after long pauses: someone must change a setting, such as the key.
        public static let `operator` = Self(value: .operator)

        /// The disposition's name.
        public var description: String { self.value.rawValue }
    }
}
