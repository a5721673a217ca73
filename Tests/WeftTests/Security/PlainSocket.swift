// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A TCP connection without ZeroMQ, to see every byte that a node says.
enum PlainSocket {
    /// Says something to a port of this machine, and returns all that is said until the other end hangs up.
    ///
    /// - Parameter pause: Between each byte and the next; zero to say all at once.
    static func answers(of port: UInt16, to bytes: [UInt8], pause: Duration = .zero) async throws -> [UInt8] {
        try await withCheckedThrowingContinuation { continuation in
            // It waits in system calls, which no task may do.
            Thread.detachNewThread { continuation.resume(with: Result { try Self.exchange(port, bytes, pause) }) }
        }
    }

    private static func exchange(_ port: UInt16, _ bytes: [UInt8], _ pause: Duration) throws -> [UInt8] {
        #if canImport(Glibc)
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
            let descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        defer { close(descriptor) }
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard descriptor >= 0, connected == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        // Whoever hangs up early is answer enough.
        if pause == .zero {
            _ = bytes.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        } else {
            for byte in bytes {
                guard withUnsafeBytes(of: byte, { send(descriptor, $0.baseAddress, 1, Int32(MSG_NOSIGNAL)) }) == 1
                else {
                    break
                }
                Thread.sleep(forTimeInterval: pause / .seconds(1))
            }
        }
        var seen: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else {
                guard count == 0 || errno == ECONNRESET else {
                    throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
                }
                return seen
            }
            seen += buffer.prefix(count)
        }
    }
}
