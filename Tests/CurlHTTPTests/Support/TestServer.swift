// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Glibc
import Locking

/// A TCP server on loopback that runs a script for each connection, on a thread of its own.
final class TestServer: Sendable {
    typealias Script = @Sendable (TestConnection) -> Void

    private struct State {
        var connections: [TestConnection] = []
        var requests: [RecordedRequest] = []
        var runningThreads = 0
        var waiters: [CheckedContinuation<Void, Never>] = []
        var isStopped = false
    }

    let port: Int
    private let listener: Int32
    private let state = Locked(State())
    private let script: Script

    init(_ script: @escaping Script) throws {
        self.script = script
        self.listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = self.listener
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, length) == 0 && listen(listener, 128) == 0
                    ? getsockname(listener, address, &length) : -1
            }
        }
        guard code == 0 else { throw TestServerError(errno: errno) }
        self.port = Int(UInt16(bigEndian: address.sin_port))
        self.spawn { self.accept() }
    }

    var url: String { "http://127.0.0.1:\(self.port)" }
    var requests: [RecordedRequest] { self.state.withLock { $0.requests } }
    var connectionCount: Int { self.state.withLock { $0.connections.count } }

    /// Ends all connections and waits for their threads.
    func stop() async {
        let connections = self.state.withLock { state in
            state.isStopped = true
            return state.connections
        }
        shutdown(self.listener, Int32(SHUT_RDWR))
        for connection in connections {
            connection.abort()
        }
        await withCheckedContinuation { continuation in
            let hasEnded = self.state.withLock { state in
                if state.runningThreads > 0 {
                    state.waiters.append(continuation)
                }
                return state.runningThreads == 0
            }
            if hasEnded {
                continuation.resume()
            }
        }
        close(self.listener)
    }

    func record(_ request: RecordedRequest) {
        self.state.withLock { $0.requests.append(request) }
    }

    private func accept() {
        while true {
            let descriptor = Glibc.accept(self.listener, nil, nil)
            guard descriptor >= 0 else { return }
            // Each piece leaves at once, as cut.
            var yes: Int32 = 1
            setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
            let connection = self.state.withLock { state in
                let connection = TestConnection(descriptor, number: state.connections.count, server: self)
                state.connections.append(connection)
                if state.isStopped {
                    connection.abort()
                }
                return connection
            }
            self.spawn {
                self.script(connection)
                connection.close()
            }
        }
    }

    private func spawn(_ body: @escaping @Sendable () -> Void) {
        final class Work: Sendable {
            let body: @Sendable () -> Void
            init(_ body: @escaping @Sendable () -> Void) { self.body = body }
        }
        self.state.withLock { $0.runningThreads += 1 }
        let work = Work {
            body()
            let waiters = self.state.withLock { state -> [CheckedContinuation<Void, Never>] in
                state.runningThreads -= 1
                guard state.runningThreads == 0 else { return [] }
                defer { state.waiters = [] }
                return state.waiters
            }
            for waiter in waiters {
                waiter.resume()
            }
        }
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { context in
                if let context {
                    Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body()
                }
                return nil
            }, Unmanaged.passRetained(work).toOpaque())
        pthread_detach(thread)
    }
}

struct TestServerError: Error {
    let errno: Int32
}

/// What a client asked.
struct RecordedRequest: Sendable {
    let connection: Int
    let method: String
    let path: String
    let headers: [String: String]
    let body: [UInt8]
}
