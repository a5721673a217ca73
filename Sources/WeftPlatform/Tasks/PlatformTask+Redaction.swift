// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftValue

extension PlatformTask {
    /// The task without its secrets: what a handler's program, a ledger, a log or a dashboard may see.
    ///
    /// Left out are `user_tokens`, `user_oidc_token`, the model gateway's route in `payload_extension`, and from each
    /// tool server its keys, secrets, headers, environment variables and whatever its address carries beside host and
    /// path.
    public func redacted() -> PlatformTask {
        var copy = self
        copy.redact()
        return copy
    }

    /// The object of ``redacted()``.
    public var redactedValue: Value { self.redacted().raw }

    private mutating func redact() {
        guard case .object(var members) = self.raw else { return }
        for name in ["user_tokens", "user_oidc_token"] { members[name] = nil }
        if case .object(var payload) = members["payload_extension"] ?? .null {
            payload["llm_gateway"] = nil
            members["payload_extension"] = .object(payload)
        }
        if case .array(let servers) = members["mcp_servers"] ?? .null {
            members["mcp_servers"] = .array(servers.compactMap(Self.redactedServer))
        }
        self.replaceRaw(.object(members))
    }

    /// What is left of a tool server: an open list of secrets would miss the next one, so this names what may stay.
    private static func redactedServer(_ server: Value) -> Value? {
        guard case .object(let members) = server else { return nil }
        let harmless = [
            "id", "name", "type", "transport", "auth_type", "sso_token", "sso_audience", "use_secrets_manager",
            "allowed_tools", "additional_scopes", "share_user_token_across_other_agents",
        ]
        var kept = members.filter { harmless.contains($0.key) }
        if let url = members["url"]?.stringValue, let parts = URLParts(url) {
            kept["url"] = .string("\(parts.scheme)://\(parts.authority)\(parts.path)")
        }
        return .object(kept)
    }
}
