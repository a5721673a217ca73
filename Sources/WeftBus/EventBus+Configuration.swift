// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import Logging

extension EventBus {
    /// The settings of a bus.
    public struct Configuration: Sendable {
        /// How many events the history holds; 0 for none.
        public var historyEvents = Defaults.historyEvents
        /// How many bytes the history holds.
        public var historyBytes = Defaults.historyBytes
        /// How many events wait for one asynchronous listener.
        public var mailboxEvents = Defaults.mailboxEvents
        /// How many bytes wait for one asynchronous listener.
        public var mailboxBytes = Defaults.mailboxBytes
        /// How large an event may be to be mirrored.
        public var mirroredEventBytes = Defaults.mirroredEventBytes
        /// Takes unhandled errors and refusals, at info and below.
        public var logger: Logger

        /// Creates the default settings.
        ///
        /// - Parameter logger: Takes unhandled errors and refusals; by default the process's logging system.
        public init(logger: Logger = Logger(label: "weft.bus")) {
            self.logger = logger
        }
    }
}
