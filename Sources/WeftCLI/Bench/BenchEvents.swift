// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftBus

/// The events of the measurements.
enum BenchEvents {
    /// One of many: bytes of the payload's size.
    static let payload: EventKey<[UInt8]> = "bench:payload"
    /// One of many: a text and a number.
    static let typed: EventKey<String, Int> = "bench:typed"
    /// One of many: a struct.
    static let order: EventKey<BenchOrder> = "bench:order"
    /// One of a schedule: when it was due, and bytes of the payload's size.
    static let due: EventKey<UInt64, [UInt8]> = "bench:due"
    /// One of several nodes hears all others.
    static let ready: EventKey<Int> = "bench:ready"
    /// There are no more; how many there were.
    static let end: EventKey<Int> = "bench:end"
    /// To be answered with ``pong``.
    static let ping: EventKey<[UInt8]> = "bench:ping"
    /// The answer to ``ping``.
    static let pong: EventKey<[UInt8]> = "bench:pong"
}
