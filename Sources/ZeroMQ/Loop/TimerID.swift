// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// A timer of a loop, by which it can be cancelled.
public struct TimerID: Hashable, Sendable {
    let rawValue: UInt64
}
