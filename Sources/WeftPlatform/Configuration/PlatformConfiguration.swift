// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Where the platform is and who is asking.
public struct PlatformConfiguration: Hashable, Sendable {
    /// The vendor's cloud.
    public static let defaultBaseURL = "https://inbound.xpander.ai"
    /// The vendor's staging cloud, taken when `IS_STG` is `true` and no base address is set.
    public static let stagingBaseURL = "https://inbound.stg.xpander.ai"

    /// Where a worker runs.
    public enum Environment: String, Hashable, Sendable {
        /// On a machine of one's own.
        case local
        /// Inside the vendor's cloud (`IS_XPANDER_CLOUD` is `true`).
        case cloud = "xpander"
    }

    /// The base address, with scheme and without a slash at its end.
    public let baseURL: String
    /// The key that every request carries.
    public let apiKey: Secret
    /// The organization.
    public let organizationID: String
    /// The agents to serve, in their order and each once.
    public let agentIDs: [String]
    /// Where this worker runs.
    public let environment: Environment

    let addresses: PlatformAddresses

    /// Checks settings and derives the addresses.
    ///
    /// - Parameters:
    ///   - baseURL: The base address; `https://` is put in front if it has no scheme.
    ///   - apiKey: The key.
    ///   - organizationID: The organization.
    ///   - agentIDs: The agents to serve; may be empty if they are named later.
    ///   - environment: Where this worker runs.
    /// - Throws: ``PlatformError/Code-swift.struct/invalidSettings``.
    public init(
        baseURL: String = Self.defaultBaseURL, apiKey: Secret, organizationID: String, agentIDs: [String] = [],
        environment: Environment = .local
    ) throws(PlatformError) {
        guard !baseURL.isEmpty else {
            throw PlatformError(
                .invalidSettings, "the platform's base URL is empty; give one, or leave it out for the vendor's cloud")
        }
        let spelled = baseURL.contains("://") ? baseURL : "https://" + baseURL
        guard let parts = URLParts(spelled), !parts.hasMore else {
            throw PlatformError(
                .invalidSettings,
                "the platform's base URL must look like https://host or http://host:port/path, without user, query"
                    + " or fragment")
        }
        guard !organizationID.isEmpty, !apiKey.exposed.isEmpty, agentIDs.allSatisfy({ !$0.isEmpty }) else {
            throw PlatformError(.invalidSettings, "the platform's key, organization and agent ids must not be empty")
        }
        guard apiKey.exposed.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw PlatformError(
                .invalidSettings, "the platform's key holds characters that a header cannot; is there a line end in it?"
            )
        }
        var path = parts.path
        if path.hasSuffix("/") { path.removeLast() }
        self.baseURL = "\(parts.scheme)://\(parts.authority)\(path)"
        self.apiKey = apiKey
        self.organizationID = organizationID
        var seen: Set<String> = []
        self.agentIDs = agentIDs.filter { seen.insert($0).inserted }
        self.environment = environment
        self.addresses = PlatformAddresses(base: parts, organizationID: organizationID)
    }

    /// Whether the platform is spoken to without encryption beyond this machine, which lets others read the key.
    public var sendsKeyInClear: Bool {
        let local = ["localhost", "127.0.0.1", "::1"]
        return [self.addresses.eventsRoot, self.addresses.restRoot].contains { root in
            guard let parts = URLParts(root) else { return true }
            return parts.scheme == "http" && !local.contains(parts.host)
        }
    }
}
