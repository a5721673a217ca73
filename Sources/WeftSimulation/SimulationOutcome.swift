// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// What a schedule gives that is counted over many.
package protocol SimulationOutcome: Sendable {
    /// Events processed.
    var events: Int { get }
    /// Events emitted, or tasks accepted.
    var work: Int { get }
    /// A number that differs when anything about the run does.
    var digest: UInt64 { get }
    /// Faults of all kinds.
    var faults: Int { get }
    /// How long the run lasted in its own time, in milliseconds.
    var duration: UInt64 { get }
    /// What must happen in one schedule of a hundred at the least, and how often it did.
    static var kinds: [(name: String, count: @Sendable (Self) -> Int)] { get }
}
