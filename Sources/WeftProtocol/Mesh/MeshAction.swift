// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftBus
public import WeftValue

/// What the shell around a ``Mesh`` has to do, in the order in which it must happen.
public enum MeshAction: Hashable, Sendable {
    /// Open a control link with this number to an address.
    case open(link: UInt32, endpoint: String)
    /// Close a control link.
    case close(link: UInt32)
    /// Listen to the event stream at an address.
    case subscribe(endpoint: String)
    /// Listen there no longer.
    case unsubscribe(endpoint: String)
    /// Send a control message.
    case send(ControlMessage, on: MeshLink)
    /// Put a probe into the own event stream, after everything that has been sent.
    case publish(Probe)
    /// Hand something to the bus, after all that was handed over before.
    case deliver(MeshDelivery)
    /// Take the bus's history and call ``Mesh/answerSnapshot(_:history:head:at:)`` with it.
    case takeSnapshot(SnapshotTicket)
    /// A node calls.
    case request(from: NodeID, on: MeshLink, id: UInt64, method: String, body: Value)
    /// A node answers a call.
    case reply(from: NodeID, id: UInt64, isSuccess: Bool, body: Value)
    /// The node has joined: every member known has confirmed both directions.
    case joined
    /// The node could not join.
    case joinFailed(MeshError)
    /// The flush with this number has ended.
    case flushed(id: UInt64, FlushReport)
    /// The roster has changed.
    case rosterChanged
}
