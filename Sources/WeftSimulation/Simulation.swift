// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// A seeded schedule that can be run.
package protocol Simulation: SendableMetatype {
    associatedtype Report: SimulationOutcome
    associatedtype Settings: Sendable
    /// Prepares the schedule of a seed.
    init(seed: UInt64, settings: Settings)
    /// What has happened so far.
    var report: Report { get }
    /// Takes a line for each thing that happens.
    var trace: ((String) -> Void)? { get set }
    /// Why what has run was less than a schedule must be; nil when it was not.
    var shortfall: String? { get }
    /// Runs the schedule to its end.
    ///
    /// - Throws: ``SimulationViolation``.
    mutating func run() throws
}

extension Simulation {
    package var shortfall: String? { nil }
}
