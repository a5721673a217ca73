// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

internal import CZeroMQ

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Ends another thread's wait: an eventfd on Linux, a pipe elsewhere.
///
/// The descriptors never change and reading and writing them is safe from any thread.
final class WakeUp: Sendable {
    /// What becomes readable when someone has called ``signal()``.
    let readable: Int32
    private let writable: Int32

    init() throws(ZeroMQError) {
        #if os(Linux)
            self.readable = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
            self.writable = self.readable
            guard self.readable >= 0 else { throw WakeUp.failure() }
        #else
            var ends: (Int32, Int32) = (-1, -1)
            let result = withUnsafeMutablePointer(to: &ends) { pointer in
                pointer.withMemoryRebound(to: Int32.self, capacity: 2) { pipe($0) }
            }
            self.readable = ends.0
            self.writable = ends.1
            guard result == 0 else { throw WakeUp.failure() }
            for end in [ends.0, ends.1] {
                _ = fcntl(end, F_SETFL, O_NONBLOCK)
                _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            }
        #endif
    }

    deinit {
        if self.readable >= 0 { close(self.readable) }
        if self.writable >= 0, self.writable != self.readable { close(self.writable) }
    }

    /// Makes ``readable`` readable.
    ///
    /// A full pipe is readable already, so a failed write loses nothing.
    func signal() {
        var one: UInt64 = 1
        _ = write(self.writable, &one, 8)
    }

    /// Takes all signals back.
    func clear() {
        var taken: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        #if os(Linux)
            _ = read(self.readable, &taken, 8)
        #else
            while read(self.readable, &taken, 32) > 0 {}
        #endif
    }

    private static func failure() -> ZeroMQError {
        ZeroMQError.make(number: errno, doing: "open the descriptor that wakes the socket loop")
    }
}
