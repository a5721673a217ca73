// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftValue

/// An agent as the platform has it (the Events module calls it a deployment): its object, with access to its head.
public struct AgentRecord: Hashable, Sendable {
    /// The object as it came, with instructions, graph and tools.
    public let raw: Value
    /// The agent's id.
    public let id: String

    /// Reads an agent; only its id is needed.
    ///
    /// - Throws: ``PlatformError/Code-swift.struct/unreadableReply``.
    public init(_ raw: Value) throws(PlatformError) {
        guard let id = raw["id"]?.stringValue, !id.isEmpty else {
            throw PlatformError(.unreadableReply, "an agent needs a member \"id\" that is text and not empty")
        }
        self.id = id
        self.raw = raw
    }

    /// The agent's name.
    public var name: String? { self.raw["name"]?.stringValue }
    /// The agent's name in addresses.
    public var uniqueName: String? { self.raw["unique_name"]?.stringValue }
    /// The agent's organization.
    public var organizationID: String? { self.raw["organization_id"]?.stringValue }
    /// The agent's status, `ACTIVE` for instance.
    public var status: String? { self.raw["status"]?.stringValue }
    /// How it is deployed, `serverless` for instance.
    public var deploymentType: String? { self.raw["deployment_type"]?.stringValue }
    /// Its version.
    public var version: Int64? { self.raw["version"]?.intValue }
    /// The framework that it is built on.
    public var framework: String? { self.raw["framework"]?.stringValue }
    /// The language model's provider.
    public var modelProvider: String? { self.raw["model_provider"]?.stringValue }
    /// The language model's name.
    public var modelName: String? { self.raw["model_name"]?.stringValue }
    /// What it is told to do.
    public var instructions: Value? { self.raw["instructions"] }
}
