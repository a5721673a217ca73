// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// One line of a schedule: what happens to which seat, and when.
///
/// A seat is a place for one process after another; its number stands for its address.
package struct ClusterStep: Hashable, Sendable {
    /// What happens.
    package enum Action: Hashable, Sendable {
        /// The seat's first process begins.
        case start
        /// Its process emits events, each with so many bytes, in one batch or more.
        case emit(count: Int, bytes: Int)
        /// Its process emits what is left to so many events of all processes.
        case complete(total: Int)
        /// Its process asks all peers to confirm.
        case flush
        /// Its process changes its record.
        case update
        /// Its process stands still.
        case pause(milliseconds: UInt64)
        /// Its bus takes nothing.
        case stall(milliseconds: UInt64)
        /// Its process dies, and another begins later, perhaps at the same address.
        case crash(restart: UInt64, samePort: Bool)
        /// Its process says goodbye, and another begins later.
        case leave(restart: UInt64, samePort: Bool)
        /// Nothing passes between the seats of the mask and the rest, or only away from them.
        case cut(seats: Int, milliseconds: UInt64, isOneWay: Bool)
        /// All connections between this seat and another close.
        case reset(with: Int)
        /// A good part of what this seat sends gets lost, one frame in so many.
        case lossy(oneIn: Int, milliseconds: UInt64)

        /// Whether this is something that goes wrong.
        package var isFault: Bool {
            switch self {
            case .start, .emit, .complete, .flush, .update: false
            default: true
            }
        }

        /// Whether it happens to the network, whoever is there.
        var isOfNetwork: Bool {
            switch self {
            case .cut, .lossy, .reset: true
            default: false
            }
        }

        /// Whether it needs a process that does not stand still.
        var needsRunning: Bool {
            switch self {
            case .emit, .complete, .leave: true
            default: false
            }
        }

        /// Whether a process ends.
        var endsProcess: Bool {
            switch self {
            case .crash, .leave: true
            default: false
            }
        }

        /// Whether events are emitted.
        package var emits: Bool {
            switch self {
            case .emit, .complete: true
            default: false
            }
        }
    }

    /// When, in milliseconds.
    package var at: UInt64
    /// Where.
    package var seat: Int
    /// What.
    package var action: Action
}

extension ClusterStep: CustomStringConvertible {
    package var description: String {
        let what =
            switch self.action {
            case .start: "begins"
            case .emit(let count, let bytes): "emits \(count) events of \(bytes) bytes"
            case .complete(let total): "emits what is left to \(total) events in all"
            case .flush: "flushes"
            case .update: "changes its record"
            case .pause(let time): "stands still for \(time) ms"
            case .stall(let time): "takes nothing from its delivery queue for \(time) ms"
            case .crash(let restart, let same):
                "dies; the next begins after \(restart) ms\(same ? " at the same address" : "")"
            case .leave(let restart, let same):
                "leaves; the next begins after \(restart) ms\(same ? " at the same address" : "")"
            case .cut(let seats, let time, let oneWay):
                "the network is cut around \((0..<16).filter { seats & 1 << $0 != 0 }) for \(time) ms\(oneWay ? ", outwards only" : "")"
            case .reset(let other): "loses its connections with \(other)"
            case .lossy(let oneIn, let time): "loses one frame in \(oneIn) for \(time) ms"
            }
        return "\(self.at) ms: \(self.seat) \(what)"
    }
}
