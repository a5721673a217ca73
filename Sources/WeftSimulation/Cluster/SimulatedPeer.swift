// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import DequeModule
import WeftBus
import WeftProtocol

/// A process of a simulated cluster: a mesh's state machine, its sockets, its bus.
struct SimulatedPeer {
    /// What one node has received of one origin's stream, as its bus sees it.
    struct View {
        /// What comes after this was promised.
        let start: UInt64
        /// Everything up to here is in the delivery queue or has been announced as missed.
        var position: UInt64
        /// Everything up to here has been handed to the mailboxes.
        var handed: UInt64
        /// How many events were announced as missed.
        var missed: UInt64 = 0
        /// The runs of them.
        var gaps: [ClosedRange<UInt64>] = []
    }

    struct Flush {
        let sequence: UInt64
        let began: MonotonicTime
        /// Whether the process has stood still since.
        var isExcused = false
    }

    struct InboundKey: Hashable {
        let dialer: Int
        let number: UInt32
    }

    let id: NodeID
    let seat: Int
    let address: Int
    let startedAt: UInt64
    var mesh: Mesh
    /// How much faster its clock runs, in millionths.
    let drift: Int64
    let offset: UInt64

    var isUp = true
    /// Whether it has said goodbye.
    var isLeaving = false
    var hasJoined = false
    var joinedAt: UInt64 = 0
    var pausedUntil: UInt64 = 0
    var stalledUntil: UInt64 = 0
    var isReading = true
    var isRetired: Bool { !self.isUp || self.isLeaving }

    /// Its worker in the task plane.
    var worker: Int?
    /// The epoch that it began as a coordinator.
    var epoch: UInt64?
    /// Whom its worker works for.
    var coordinator: Coordinator?

    struct Coordinator: Equatable {
        let address: Int
        let epoch: Int64
    }

    // Sockets.
    var links: [UInt32: Int] = [:]
    var subscriptions: [Int: Int] = [:]
    var inbound: [InboundKey: Int] = [:]
    /// Connections over which somebody listens.
    var subscribers: [Int] = []
    /// Bytes sent for fetches since the last tick.
    var repairBytes = 0

    /// Batches that have not gone out.
    var outbox: Deque<EventBatch> = []
    var isDrainScheduled = false

    // The bus.
    /// The real one, where it runs.
    var bus: SimulatedBus?
    /// The last number that it has given an event.
    var head: UInt64 = 0
    var queue: Deque<MeshDelivery> = []
    var isBusScheduled = false
    var recent: Deque<(batch: EventBatch, after: UInt64)> = []
    var recentCount = 0
    var history: [EventRecord] = []
    /// By the number of the origin's process.
    var views: [View?] = []
    var flushes: [UInt64: Flush] = [:]
    /// The processes that it says are joined, and its head when it first said so.
    var promised: [Int: UInt64] = [:]
    var announced: Set<Int> = []
    /// The head of the first probe that came from a process.
    var firstProbes: [Int: UInt64] = [:]
    /// Where others have said that streams began.
    var told: [Int: Set<UInt64>] = [:]
    /// Where the streams of its history end: by what it was told, and by what the teller's bus had.
    var historyCursors: [Int: UInt64] = [:]
    var historyLasts: [Int: UInt64] = [:]
    /// What the bus of whoever was asked for history had when it answered.
    var offered: [Int: [Int: UInt64]] = [:]
    /// Whose history came.
    var teller: Int?
    /// The heads at the last checks, the newest last.
    var heads: Deque<UInt64> = []
    /// When each other node was last seen without the next of its own events that this one lacks.
    var waitedForOthers: [Int: UInt64] = [:]
}
