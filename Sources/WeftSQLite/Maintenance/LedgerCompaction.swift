// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
import WeftProtocol

/// What making a ledger's file smaller has done.
public struct LedgerCompaction: Hashable, Sendable {
    /// How many finished tasks were dropped.
    public var dropped = 0
    /// How large the file and its log were, in bytes.
    public var bytesBefore = 0
    /// How large they are.
    public var bytesAfter = 0
}

extension SQLiteLedger {
    /// Drops finished tasks that need not be kept, and gives the room back to the disk.
    ///
    /// - Parameters:
    ///   - path: Where the file is; no coordinator may have it.
    ///   - finishedKept: How many finished tasks are kept.
    ///   - finishedFor: For how long they are kept, in seconds.
    ///   - onProgress: Is told how many have been dropped, now and then.
    /// - Throws: ``LedgerError``: `inUse` while somebody has the file.
    public static func compact(
        _ path: String, finishedKept: Int, finishedFor: Double, onProgress: @Sendable (Int) -> Void = { _ in }
    ) async throws -> LedgerCompaction {
        guard try LedgerFile.glance(at: path) else {
            let isThere = FileManager.default.fileExists(atPath: path)
            throw LedgerError(.foreign, isThere ? "\(path) is empty." : "There is no file \(path).")
        }
        var result = LedgerCompaction()
        result.bytesBefore = Self.bytes(at: path)
        let ledger = try SQLiteLedger(
            path: path, finishedKept: finishedKept, finishedFor: finishedFor, holder: "weft ledger compact")
        do {
            var isMore = true
            while isMore {
                let (dropped, more) = try await ledger.trimOnce()
                result.dropped += dropped
                isMore = more
                onProgress(result.dropped)
            }
            try await ledger.vacuum()
        } catch {
            await ledger.close()
            throw error
        }
        await ledger.close()
        result.bytesAfter = Self.bytes(at: path)
        return result
    }

    static func bytes(at path: String) -> Int {
        var bytes = 0
        for suffix in ["", "-wal"] {
            let attributes = try? FileManager.default.attributesOfItem(atPath: path + suffix)
            bytes += (attributes?[.size] as? UInt64).map { Int(clamping: $0) } ?? 0
        }
        return bytes
    }
}
