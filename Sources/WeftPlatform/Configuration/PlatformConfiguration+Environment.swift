// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

extension PlatformConfiguration {
    /// The names of the variables that hold settings.
    public enum Variable {
        /// The key.
        public static let apiKey = "XPANDER_API_KEY"
        /// The organization.
        public static let organizationID = "XPANDER_ORGANIZATION_ID"
        /// The agent.
        public static let agentID = "XPANDER_AGENT_ID"
        /// The base address.
        public static let baseURL = "XPANDER_BASE_URL"
        /// Whether the staging cloud is meant.
        public static let isStaging = "IS_STG"
        /// Whether this runs inside the vendor's cloud.
        public static let isCloud = "IS_XPANDER_CLOUD"
    }

    /// Reads the settings from variables; what is given in code wins over them.
    ///
    /// - Parameters:
    ///   - variables: The process's environment.
    ///   - baseURL: The base address, if given otherwise.
    ///   - agentIDs: The agents, if given otherwise.
    ///   - requiresAgent: Whether it is an error that no agent is named at all.
    /// - Returns: nil when nothing at all is set: there is no platform.
    /// - Throws: ``PlatformError/Code-swift.struct/missingSettings`` naming every missing variable when some are set but
    ///   not all, ``PlatformError/Code-swift.struct/invalidSettings`` for a value that cannot be used.
    public init?(
        variables: [String: String], baseURL: String? = nil, agentIDs: [String] = [], requiresAgent: Bool = true
    ) throws(PlatformError) {
        func value(_ name: String) -> String? {
            variables[name].flatMap { $0.isEmpty ? nil : $0 }
        }
        let agents = agentIDs.isEmpty ? value(Variable.agentID).map { [$0] } ?? [] : agentIDs
        let key = value(Variable.apiKey)
        let organization = value(Variable.organizationID)
        let base = baseURL.flatMap { $0.isEmpty ? nil : $0 } ?? value(Variable.baseURL)
        if agents.isEmpty, key == nil, organization == nil, base == nil { return nil }

        var missing: [String] = []
        if agents.isEmpty, requiresAgent { missing.append(Variable.agentID) }
        if organization == nil { missing.append(Variable.organizationID) }
        if key == nil { missing.append(Variable.apiKey) }
        guard missing.isEmpty, let key, let organization else {
            throw PlatformError(
                .missingSettings,
                "the platform's settings are incomplete; set \(missing.joined(separator: ", "))"
                    + " (or unset all XPANDER_* variables to run without a platform)",
                missing: missing)
        }
        // Empty is not the same as absent: what was meant for another server must not end up in the vendor's cloud.
        if base == nil, baseURL != nil || variables[Variable.baseURL] != nil {
            throw PlatformError(
                .invalidSettings,
                "\(Variable.baseURL) is empty; give it a value, or unset it for the vendor's cloud")
        }
        let cloud = variables[Variable.isStaging] == "true" ? Self.stagingBaseURL : Self.defaultBaseURL
        try self.init(
            baseURL: base ?? cloud, apiKey: Secret(key), organizationID: organization, agentIDs: agents,
            environment: variables[Variable.isCloud] == "true" ? .cloud : .local)
    }
}
