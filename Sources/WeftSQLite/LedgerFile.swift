// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
import WeftProtocol

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A ledger's file before it is opened: looked at, and not changed by a single byte.
enum LedgerFile {
    /// Larger files are checked by `weft ledger check` only, so that starting takes no minutes.
    private static let checkedBytes: UInt64 = 64 << 20

    /// What the name alone and the first bytes say.
    ///
    /// - Returns: Whether there is something in it.
    @discardableResult
    static func glance(at path: String) throws(LedgerError) -> Bool {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        if attributes?[.type] as? FileAttributeType == .typeDirectory {
            throw LedgerError(.foreign, "\(path) is a folder; name a file in it for the ledger.")
        }
        guard let head = Self.firstBytes(of: path, count: 100), !head.isEmpty else { return false }
        let magic = Array("SQLite format 3\u{0}".utf8)
        if head.count < 100, head.starts(with: magic) || magic.starts(with: head) {
            throw LedgerError(
                .damaged, "\(path) is cut off after \(head.count) bytes. Restore it from a copy, or name another file.")
        }
        guard head.starts(with: magic) else {
            throw LedgerError(
                .foreign, "\(path) is not a ledger of Weft, nor any SQLite file; name another file for the ledger.")
        }
        // Bytes 68 to 71 are the application id; 0 may mean that the rest is in the log beside the file.
        let applicationID = head[68..<72].reduce(Int64(0)) { $0 << 8 | Int64($1) }
        guard applicationID == 0 || applicationID == LedgerSchema.applicationID else { throw Self.foreign(path) }
        return true
    }

    /// Looks at all of a file before a single byte of it may be written; the ledger's lock must be ours.
    static func inspect(_ path: String) throws {
        guard try Self.glance(at: path) else { return }
        let size = (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? UInt64) ?? 0
        try Self.reading(path, isHeld: true) { db in
            let applicationID = try Int64.fetchOne(db, sql: "PRAGMA application_id") ?? 0
            let tables = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") ?? 0
            guard applicationID == LedgerSchema.applicationID || (applicationID == 0 && tables == 0) else {
                throw Self.foreign(path)
            }
            guard try LedgerSchema.version(db) != nil else {
                throw LedgerError(
                    .foreign, "\(path) was written by a later version of Weft; use that version, or name another file.")
            }
            guard size <= Self.checkedBytes else { return }
            let finding = try String.fetchOne(db, sql: "PRAGMA quick_check(1)")
            guard finding == "ok" else {
                throw LedgerError(
                    .damaged,
                    "\(path) is damaged: \(finding ?? "the check says nothing"). Restore it from a copy, or name another file."
                )
            }
        }
    }

    /// Reads a file without changing it, nor what is beside it.
    ///
    /// - Parameters:
    ///   - path: Where it is.
    ///   - isHeld: Whether nobody else writes to it meanwhile, because the ledger's lock is ours.
    static func reading<Result>(
        _ path: String, isHeld: Bool, _ body: (Database) throws -> Result
    ) throws -> Result {
        var configuration = Configuration()
        configuration.label = "weft.ledger.check"
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        // With a log beside it SQLite must share that; without one and without a writer the file can be taken as it is.
        let hasLog = !(Self.firstBytes(of: path + "-wal", count: 1) ?? []).isEmpty
        let name = isHeld && !hasLog ? Self.immutableURI(path) : path
        let hadShared = FileManager.default.fileExists(atPath: path + "-shm")
        let queue = try DatabaseQueue(path: name, configuration: configuration)
        defer {
            try? queue.close()
            // Whoever only reads may not remove what reading needed.
            if isHeld, !hadShared { unlink(path + "-shm") }
        }
        return try queue.read(body)
    }

    private static func foreign(_ path: String) -> LedgerError {
        LedgerError(
            .foreign,
            "\(path) is a SQLite file of some other program, not a ledger of Weft; name another file for the ledger.")
    }

    /// The first bytes of a file; nil when there is none that can be read, which SQLite then says better.
    private static func firstBytes(of path: String, count: Int) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: count)
        let length = read(descriptor, &bytes, count)
        return length < 0 ? nil : Array(bytes.prefix(length))
    }

    private static func immutableURI(_ path: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/".utf8)
        var escaped: [UInt8] = []
        for byte in path.utf8 {
            if plain.contains(byte) {
                escaped.append(byte)
            } else {
                escaped += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return "file:" + String(decoding: escaped, as: UTF8.self) + "?immutable=1"
    }
}
