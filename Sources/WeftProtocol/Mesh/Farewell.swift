// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// How far a member that said goodbye had received this node's stream.
struct Farewell: Hashable {
    let name: String
    let sequence: UInt64
    let missed: UInt64
}
