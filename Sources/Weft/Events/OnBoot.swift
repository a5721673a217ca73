// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Work that must be done before ``Events`` registers, such as opening a database.
///
/// Boot handlers run one after another in the order of their registration. The first that throws ends the start before
/// anything has been sent.
public struct OnBoot: Sendable {
    let perform: @concurrent @Sendable () async throws -> Void

    /// Creates a boot handler.
    public init(perform: @escaping @concurrent @Sendable () async throws -> Void) {
        self.perform = perform
    }
}
