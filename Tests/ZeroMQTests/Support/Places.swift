// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Synchronization
import ZeroMQ

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Where the tests bind, one place never twice.
enum Places {
    private static let counter = Atomic<Int>(0)

    static let transports = ["tcp", "ipc", "inproc"]

    static func next(_ transport: String) throws -> Endpoint {
        let number = self.counter.wrappingAdd(1, ordering: .relaxed).newValue
        return switch transport {
        case "tcp": try Endpoint("tcp://127.0.0.1:*")
        case "ipc": try Endpoint("ipc:///tmp/zmq-test-\(getpid())-\(number).sock")
        default: try Endpoint("inproc://place-\(number)")
        }
    }
}

let patience: Duration = .seconds(60)
