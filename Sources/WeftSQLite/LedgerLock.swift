// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Synchronization
import WeftProtocol

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Keeps a second coordinator away from a ledger's file, and tells it who has it.
///
/// The system gives the lock up when the process ends, however it ends.
final class LedgerLock: Sendable {
    /// -1 once it is released.
    private let descriptor: Atomic<Int32>

    /// Takes the lock.
    ///
    /// - Parameters:
    ///   - path: Where the lock is, beside the ledger.
    ///   - holder: Who takes it, for whoever comes second.
    init(path: String, holder: String) throws(LedgerError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw LedgerError(
                .unavailable,
                "The lock \(path) cannot be made (\(String(cString: strerror(errno)))); check that its folder exists and its permissions."
            )
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let holder = Self.text(of: descriptor)
            close(descriptor)
            throw LedgerError(
                .inUse,
                "Another coordinator has this ledger\(holder.isEmpty ? "" : ": \(holder)"). Stop it, or name another file for the ledger."
            )
        }
        let holder = Array("\(holder), process \(getpid()) on \(ProcessInfo.processInfo.hostName)".utf8.prefix(400))
        ftruncate(descriptor, 0)
        // Only a hint for people; the lock itself is the system's.
        _ = pwrite(descriptor, holder, holder.count, 0)
        self.descriptor = Atomic(descriptor)
    }

    deinit {
        self.release()
    }

    /// Who has the lock; nil when nobody has.
    static func holder(path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_SH | LOCK_NB) != 0 else { return nil }
        return Self.text(of: descriptor)
    }

    private static func text(of descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 500)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }

    func release() {
        let descriptor = self.descriptor.exchange(-1, ordering: .acquiringAndReleasing)
        guard descriptor >= 0 else { return }
        // A program that is being started just now has a copy of the descriptor until it is executed: closing alone would
        // leave the lock with it.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }
}
