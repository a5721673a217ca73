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

    init(path: String) throws(LedgerError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw LedgerError(
                .unavailable,
                "The lock \(path) cannot be made (\(String(cString: strerror(errno)))); check that its folder exists and its permissions."
            )
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            var bytes = [UInt8](repeating: 0, count: 200)
            let count = pread(descriptor, &bytes, bytes.count, 0)
            close(descriptor)
            let holder = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
            throw LedgerError(
                .inUse,
                "Another coordinator has this ledger\(holder.isEmpty ? "" : ": \(holder)"); stop it, or name another file for the ledger."
            )
        }
        let holder = Array("process \(getpid()) on \(ProcessInfo.processInfo.hostName)".utf8)
        ftruncate(descriptor, 0)
        // Only a hint for people; the lock itself is the system's.
        _ = pwrite(descriptor, holder, holder.count, 0)
        self.descriptor = Atomic(descriptor)
    }

    deinit {
        self.release()
    }

    func release() {
        let descriptor = self.descriptor.exchange(-1, ordering: .acquiringAndReleasing)
        if descriptor >= 0 { close(descriptor) }
    }
}
