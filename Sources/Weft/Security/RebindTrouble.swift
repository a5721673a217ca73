// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ZeroMQ

/// What becomes of an address that a node has given up for a moment and wants back.
enum RebindTrouble: Sendable {
    /// Somebody else has it: nobody can connect.
    case deaf(Endpoint, ZeroMQError)
    /// It could be had in the end.
    case over(Endpoint)
}
