// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// One registration of one handler; what ``EventBus/off(_:)`` takes.
///
/// It ends the registration only when it is handed to `off`, not when it goes out of scope. Where a registration should
/// end with a scope, iterate ``EventBus/records(matching:from:buffering:replay:)`` instead.
public struct Subscription: Hashable, Sendable {
    /// Different for every registration in the process, and larger for later ones.
    let id: UInt64
    /// What was asked for.
    public let pattern: EventPattern
}
