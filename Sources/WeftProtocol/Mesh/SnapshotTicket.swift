// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftBus

/// A late joiner that waits for history.
public struct SnapshotTicket: Hashable, Sendable {
    /// Where the answer goes.
    public let link: MeshLink
    /// The number that the joiner gave its question.
    public let id: UInt64
}
