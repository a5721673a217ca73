// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import WeftProtocol

/// The process's clocks, as state machines are handed them.
enum ProcessClock {
    /// The moment at which this is called.
    static var now: Moment { Moment(monotonic: .now, date: Date()) }
}
