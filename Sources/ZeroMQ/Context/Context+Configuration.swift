// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

extension Context {
    /// What a context is made with.
    public struct Configuration: Hashable, Sendable {
        /// I/O threads; one moves about a gigabyte a second.
        public var ioThreads: Int
        /// Sockets at most; nil takes as many as fit the limit of open files, up to 1,023.
        public var maximumSockets: Int?
        /// Whether the process's limit of open files may be raised, up to its hard limit.
        public var raisesDescriptorLimit: Bool
        /// Open files left to the rest of the program.
        public var reservedDescriptors: Int

        /// Makes a configuration.
        ///
        /// - Parameters:
        ///   - ioThreads: I/O threads.
        ///   - maximumSockets: Sockets at most, or nil for as many as fit.
        ///   - raisesDescriptorLimit: Whether the limit of open files may be raised.
        ///   - reservedDescriptors: Open files left to the rest of the program.
        public init(
            ioThreads: Int = 1, maximumSockets: Int? = nil, raisesDescriptorLimit: Bool = true,
            reservedDescriptors: Int = 64
        ) {
            self.ioThreads = ioThreads
            self.maximumSockets = maximumSockets
            self.raisesDescriptorLimit = raisesDescriptorLimit
            self.reservedDescriptors = reservedDescriptors
        }

        /// What libzmq itself allows unless told otherwise.
        static let usualSockets = 1_023
        /// Fewer than these are not worth a context.
        static let fewestSockets = 16
    }
}
