// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials
public import WeftValue

/// Who this worker is to the platform: the first event of each stream.
public struct WorkerRecord: Hashable, Sendable {
    /// The record as it came.
    public let raw: Value
    /// The id that heartbeats and capacity messages name.
    public let id: String

    /// Reads a record; only its id is needed.
    ///
    /// - Throws: ``PlatformError/Code-swift.struct/unreadableEvent``.
    public init(_ raw: Value) throws(PlatformError) {
        guard let id = raw["id"]?.stringValue, !id.isEmpty else {
            throw PlatformError(.unreadableEvent, "a worker record needs a member \"id\" that is text and not empty")
        }
        self.id = id
        self.raw = raw
    }

    /// The worker's name.
    public var name: String? { self.raw["name"]?.stringValue }

    /// The agent that it serves.
    public var agentID: String? { self.raw["dedicated_agent_id"]?.stringValue }

    /// When it registered.
    public var createdAt: Date? { self.raw["created_at"].flatMap(PlatformDate.read) }

    /// The agent's name, for log lines.
    public var agentName: String? { self.raw["metadata"]?["name"]?.stringValue }

    /// The agent's unique name, for log lines.
    public var agentUniqueName: String? { self.raw["metadata"]?["unique_name"]?.stringValue }
}
