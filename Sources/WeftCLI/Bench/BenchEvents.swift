// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftBus

/// The events of the measurements.
enum BenchEvents {
    /// One of many: bytes of the payload's size.
    static let payload: EventKey<[UInt8]> = "bench:payload"
    /// There are no more; how many there were.
    static let end: EventKey<Int> = "bench:end"
    /// To be answered with ``pong``.
    static let ping: EventKey<[UInt8]> = "bench:ping"
    /// The answer to ``ping``.
    static let pong: EventKey<[UInt8]> = "bench:pong"
}
