// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Work to do after the last task has ended, such as closing a database.
///
/// Shutdown handlers run one after another in the order of their registration; one that throws is logged, and the rest
/// still run. They run whenever the boot handlers have all succeeded, also when the start failed after them.
public struct OnShutdown: Sendable {
    let perform: @concurrent @Sendable () async throws -> Void

    /// Creates a shutdown handler.
    public init(perform: @escaping @concurrent @Sendable () async throws -> Void) {
        self.perform = perform
    }
}
