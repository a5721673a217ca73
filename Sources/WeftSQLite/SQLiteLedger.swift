// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
import Locking
public import WeftProtocol
import WeftValue

/// A ledger in one SQLite file, which outlives its coordinator.
///
/// What must be durable has reached the disk when a write returns (``LedgerSynchronous/full``); leases and starts are written without
/// waiting for the disk, since losing one to a failure of the machine costs another attempt and no more. A write is one transaction,
/// however many changes have piled up in it. The file belongs to one coordinator at a time: a lock beside it names who has it, and
/// the epoch inside it fences whoever had it before.
public final class SQLiteLedger: Ledger {
    /// What has been written since the ledger was opened here.
    public struct Counters: Hashable, Sendable {
        /// Transactions.
        public var transactions = 0
        /// Changes in them.
        public var changes = 0
        /// Transactions that waited for the disk.
        public var synced = 0
    }

    private struct State {
        var writer: LedgerWriter?
        var isFull = true
        var counters = Counters()
    }

    /// Always true.
    public let isDurable = true
    /// Where the file is.
    public let path: String
    /// What a write waits for.
    public let synchronous: LedgerSynchronous
    private let pool: DatabasePool
    private let lock: LedgerLock
    private let finishedKept: Int
    private let finishedFor: Double
    /// Used on the pool's writer only, one write at a time.
    private let state = Locked(State())
    /// A page of a list is closed at this size, so that large tasks do not fill the memory.
    static let pageBytes = 16 << 20

    /// Opens the file, or makes it.
    ///
    /// - Parameters:
    ///   - path: Where the file is; the system keeps two more beside it while it is open, and the lock.
    ///   - synchronous: What a write waits for.
    ///   - finishedKept: How many finished tasks are kept; the oldest go first, dead letters stay.
    ///   - finishedFor: For how long finished tasks are kept, in seconds.
    ///   - holder: Who opens it, such as the node's name; whoever comes second is told.
    /// - Throws: ``LedgerError``: `foreign` for a file that is something else or of a later version, `damaged`, `inUse`, or `unavailable`. The
    ///   file is left as it was.
    public init(
        path: String, synchronous: LedgerSynchronous = .full, finishedKept: Int = TaskDefaults.finishedKept,
        finishedFor: Double = TaskDefaults.finishedFor, holder: String = "a coordinator"
    ) throws(LedgerError) {
        self.path = path
        self.synchronous = synchronous
        self.finishedKept = max(0, finishedKept)
        self.finishedFor = finishedFor
        try LedgerFile.glance(at: path)
        self.lock = try LedgerLock(path: path + ".lock", holder: holder)
        do {
            try LedgerFile.inspect(path)
            self.pool = try DatabasePool(path: path, configuration: LedgerSchema.configuration)
            try LedgerSchema.prepare(self.pool)
        } catch {
            throw LedgerError(sqlite: error, path: path)
        }
    }

    /// What has been written.
    public var counters: Counters { self.state.withLock { $0.counters } }

    /// Takes the ledger and raises its epoch.
    public func open() async throws -> LedgerState {
        try await self.mapped {
            try await self.pool.write { db in
                var writer = try LedgerWriter(db, keeping: self.finishedKept, for: self.finishedFor)
                try writer.trim(db, at: Date())
                self.keep(writer)
                try db.execute(sql: "UPDATE ledger SET epoch = epoch + 1")
                guard let row = try Row.fetchOne(db, sql: "SELECT id, epoch FROM ledger") else {
                    throw LedgerError(.damaged, "\(self.path) has lost the row that names it.")
                }
                let epoch = try Self.epoch(row)
                var unfinished: [TaskRecord] = []
                let rows = try Row.fetchCursor(
                    db,
                    sql: """
                        SELECT \(LedgerRow.columns) FROM tasks INDEXED BY tasks_unfinished
                        LEFT JOIN payloads ON payloads.seq = tasks.seq WHERE tasks.ended IS NULL ORDER BY tasks.seq
                        """)
                while let row = try rows.next() { unfinished.append(try LedgerRow.record(row)) }
                let reports = try Row.fetchAll(db, sql: "SELECT item FROM reports ORDER BY seq").map {
                    try ReportItem(value: LedgerBlob.value($0.column("item")))
                }
                return LedgerState(epoch: epoch, unfinished: unfinished, reports: reports)
            }
        }
    }

    /// Writes all the changes or none, in one transaction.
    public func write(_ changes: [LedgerChange], epoch: TaskEpoch) async throws {
        let mustSync = self.synchronous == .full && changes.contains(where: \.mustBeDurable)
        let changes = Self.lastOfEach(changes)
        try await self.mapped {
            try await self.pool.writeWithoutTransaction { db in
                try self.setSynchronous(mustSync, db)
                var (writer, now) = (self.state.withLock { $0.writer }, Date())
                try db.inTransaction(.immediate) {
                    try Self.checkEpoch(epoch, db)
                    var current =
                        try writer ?? LedgerWriter(db, keeping: self.finishedKept, for: self.finishedFor)
                    for change in changes { try current.apply(change, to: db) }
                    try current.trim(db, at: now)
                    writer = current
                    return .commit
                }
                self.state.withLock { state in
                    state.writer = writer
                    state.counters.transactions += 1
                    state.counters.changes += changes.count
                    if mustSync { state.counters.synced += 1 }
                }
            }
        }
    }

    /// The changes without the statuses that a later one of the same transaction replaces: nobody could see them, and each costs a write.
    private static func lastOfEach(_ changes: [LedgerChange]) -> [LedgerChange] {
        guard changes.count > 1 else { return changes }
        var kept: [LedgerChange] = []
        kept.reserveCapacity(changes.count)
        var places: [String: Int] = [:]
        for change in changes {
            switch change {
            case .accepted(let record):
                places[record.task.id] = kept.count
            case .status(let id, let status):
                if let place = places[id] {
                    kept[place].status = status
                    continue
                }
                places[id] = kept.count
            case .removed(let id):
                places[id] = nil
            case .report, .reported:
                break
            }
            kept.append(change)
        }
        return kept
    }

    /// The tasks with these ids, by id.
    public func tasks(withIDs ids: [String]) async throws -> [String: TaskRecord] {
        try await self.mapped {
            try await self.pool.read { db in
                let statement = try db.cachedStatement(
                    sql: "SELECT \(LedgerRow.columns) FROM \(LedgerRow.tables) WHERE tasks.id = ?")
                var records: [String: TaskRecord] = [:]
                for id in ids {
                    records[id] = try Row.fetchOne(statement, arguments: [id]).map { try LedgerRow.record($0) }
                }
                return records
            }
        }
    }

    /// The task with an id; nil when the ledger has none, or no longer.
    public func task(_ id: String) async throws -> TaskRecord? {
        try await self.mapped {
            try await self.pool.read { db in
                let statement = try db.cachedStatement(
                    sql: "SELECT \(LedgerRow.columns) FROM \(LedgerRow.tables) WHERE tasks.id = ?")
                return try Row.fetchOne(statement, arguments: [id]).map { try LedgerRow.record($0) }
            }
        }
    }

    /// The tasks that match a filter, page by page.
    public func tasks(matching filter: TaskFilter) async throws -> LedgerPage {
        guard filter.limit > 0, !filter.states.isEmpty else { return LedgerPage(records: []) }
        let query = LedgerQuery(filter)
        return try await self.mapped {
            try await self.pool.read { db in
                var page = LedgerPage(records: [])
                var last: Int64?
                var bytes = 0
                let rows = try Row.fetchCursor(
                    try db.cachedStatement(sql: query.sql), arguments: query.arguments)
                while let row = try rows.next() {
                    let size = try row.column("bytes", as: Int?.self) ?? 0
                    if page.records.count == filter.limit || (last != nil && bytes + size > Self.pageBytes) {
                        page.next = last.map { TaskFilter.Cursor(order: $0) }
                        break
                    }
                    page.records.append(try LedgerRow.record(row))
                    bytes += size
                    last = try row.column("seq")
                }
                return page
            }
        }
    }

    /// How many tasks there are in each state.
    public func counts() async throws -> [TaskState: Int] {
        try await self.mapped {
            try await self.pool.read { db in
                let rows = try Row.fetchAll(
                    db,
                    sql: """
                        SELECT state, count(*) AS count FROM tasks INDEXED BY tasks_unfinished
                            WHERE ended IS NULL GROUP BY state
                        UNION ALL SELECT state, count(*) FROM tasks INDEXED BY tasks_ended
                            WHERE ended IS NOT NULL GROUP BY state
                        """)
                var counts: [TaskState: Int] = [:]
                for row in rows {
                    if let state = TaskState(rawValue: try row.column("state")) {
                        counts[state, default: 0] += try row.column("count", as: Int.self)
                    }
                }
                return counts
            }
        }
    }

    /// Closes the file and gives up the lock; nothing can be written afterwards.
    public func close() async {
        // What a failed close leaves is what a crash would leave, and the next opening mends that.
        _ = try? await self.pool.writeWithoutTransaction { db in try db.checkpoint(.truncate) }
        try? self.pool.close()
        self.lock.release()
    }

    // MARK: - Inside

    private func keep(_ writer: LedgerWriter) {
        self.state.withLock { $0.writer = writer }
    }

    /// Tells SQLite whether the next commit waits for the disk; not as a kept statement, since it acts when it is prepared.
    private func setSynchronous(_ isFull: Bool, _ db: Database) throws {
        guard self.state.withLock({ $0.isFull }) != isFull else { return }
        try db.execute(sql: isFull ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL")
        self.state.withLock { $0.isFull = isFull }
    }

    private static func checkEpoch(_ epoch: TaskEpoch, _ db: Database) throws {
        let row = try Row.fetchOne(try db.cachedStatement(sql: "SELECT id, epoch FROM ledger"))
        let found = try row.map(Self.epoch)
        guard found == epoch else {
            let shown = found.map { "\($0)" } ?? "none"
            throw LedgerError(.superseded, "The ledger is at epoch \(shown), the write came from epoch \(epoch).")
        }
    }

    private static func epoch(_ row: Row) throws -> TaskEpoch {
        TaskEpoch(
            ledgerID: try row.column("id"), counter: UInt64(clamping: try row.column("epoch", as: Int64.self)))
    }

    private func mapped<Result: Sendable>(_ body: @Sendable () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw LedgerError(sqlite: error, path: self.path)
        }
    }

    /// One step of trimming, as large as it may be when nobody waits.
    ///
    /// - Returns: How many tasks were dropped, and whether there may be more.
    func trimOnce() async throws -> (dropped: Int, isMore: Bool) {
        try await self.mapped {
            try await self.pool.write { db in
                var writer = try LedgerWriter(db, keeping: self.finishedKept, for: self.finishedFor)
                let before = writer.finished
                let isMore = try writer.trim(db, at: Date(), step: 1000)
                return (before - writer.finished, isMore)
            }
        }
    }

    /// Writes the file anew without its gaps.
    func vacuum() async throws {
        try await self.mapped {
            try await self.pool.writeWithoutTransaction { db in
                try db.execute(sql: "VACUUM")
                try db.checkpoint(.truncate)
            }
        }
    }

    /// For tests: a file of no more pages than this, which is then full.
    package func limit(pages: Int) async throws {
        _ = try await self.pool.writeWithoutTransaction { db in
            try Int.fetchOne(db, sql: "PRAGMA max_page_count = \(pages)")
        }
    }
}
