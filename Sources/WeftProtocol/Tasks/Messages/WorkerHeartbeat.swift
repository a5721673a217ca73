// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// A worker's sign of life.
public struct WorkerHeartbeat: Hashable, Sendable {
    /// The heartbeat's number, counted from 1 within the worker's life.
    public var sequence: UInt64
    /// The newest ping that has arrived, which proves the dispatch link; 0 before the first.
    public var ping: UInt64
    /// What the worker holds: what runs, what waits, and outcomes without an acknowledgement.
    public var held: [TaskReference]

    /// Creates a heartbeat.
    public init(sequence: UInt64, ping: UInt64, held: [TaskReference]) {
        self.sequence = sequence
        self.ping = ping
        self.held = held
    }
}
