// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Foundation
import Locking

/// Passes TCP connections on to an address, and can forget them without telling anyone, as a firewall does: both ends
/// still believe in them, and what they send goes nowhere.
final class Relay: Sendable {
    private struct State {
        var isClosed = false
        /// Connections with a lower number are forgotten.
        var oldest = 0
        var next = 0
    }

    private struct Connection {
        let number: Int
        let ends: [Int32]
    }

    /// How many bytes went nowhere.
    var swallowed: Int { self.bytes.withLock { $0 } }
    private let bytes = Locked(0)
    private let state = Locked(State())

    /// Listens at a port of one loopback address and passes what comes on to the same port of another one.
    init(from host: String, to target: String, port: UInt16) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var isReused: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &isReused, socklen_t(MemoryLayout<Int32>.size))
        guard Self.withAddress(host, port, { bind(listener, $0, $1) }) == 0, listen(listener, 64) == 0 else {
            let problem = errno
            Glibc.close(listener)
            throw POSIXError(POSIXErrorCode(rawValue: problem) ?? .EIO)
        }
        // It waits in system calls, which no task may do.
        Thread.detachNewThread { self.run(listener) { Self.withAddress(target, port, $0) } }
    }

    /// Forgets the connections that there are; new ones are passed on.
    func forget() {
        self.state.withLock { $0.oldest = $0.next }
    }

    /// Ends everything.
    func close() {
        self.state.withLock { $0.isClosed = true }
    }

    private func run(
        _ listener: Int32, _ atTarget: ((UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32
    ) {
        var connections: [Connection] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while !self.state.withLock({ $0.isClosed }) {
            var polled = [pollfd(fd: listener, events: Int16(POLLIN), revents: 0)]
            polled += connections.flatMap { $0.ends.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) } }
            guard poll(&polled, nfds_t(polled.count), 50) > 0 else { continue }
            let oldest = self.state.withLock { $0.oldest }
            var ended: Set<Int> = []
            for (index, connection) in connections.enumerated() {
                for end in 0..<2 where polled[1 + 2 * index + end].revents != 0 {
                    let count = read(connection.ends[end], &buffer, buffer.count)
                    if count <= 0 {
                        ended.insert(connection.number)
                    } else if connection.number < oldest {
                        self.bytes.withLock { $0 += count }
                    } else {
                        send(connection.ends[1 - end], buffer, count, Int32(MSG_NOSIGNAL))
                    }
                }
            }
            for connection in connections where ended.contains(connection.number) { self.end(connection) }
            connections.removeAll { ended.contains($0.number) }
            if polled[0].revents != 0, let connection = self.accept(listener, atTarget) {
                connections.append(connection)
            }
        }
        for connection in connections { self.end(connection) }
        Glibc.close(listener)
    }

    private func accept(
        _ listener: Int32, _ atTarget: ((UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32
    ) -> Connection? {
        let near = Glibc.accept(listener, nil, nil)
        guard near >= 0 else { return nil }
        let far = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard atTarget({ connect(far, $0, $1) }) == 0 else {
            Glibc.close(near)
            Glibc.close(far)
            return nil
        }
        let number = self.state.withLock { state in
            defer { state.next += 1 }
            return state.next
        }
        return Connection(number: number, ends: [near, far])
    }

    private func end(_ connection: Connection) {
        for end in connection.ends { Glibc.close(end) }
    }

    private static func withAddress(
        _ host: String, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr(host)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
