// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftValue

/// What a handler's process gets on its standard input.
enum ExecInput {
    /// Fields of the platform's task object that hold credentials.
    private static let secretFields = ["user_oidc_token", "user_tokens"]
    /// Fields of a tool server that are safe to hand on; the rest may hold credentials.
    private static let safeServerFields: Set<String> = ["type", "name", "url", "allowed_tools", "transport"]

    /// The platform's task object without its secrets.
    static func redacted(_ task: Value) -> Value {
        guard case .object(var fields) = task else { return task }
        for name in self.secretFields { fields[name] = nil }
        if case .array(let servers)? = fields["mcp_servers"] {
            fields["mcp_servers"] = .array(
                servers.map { server in
                    guard case .object(let server) = server else { return .null }
                    return .object(server.filter { self.safeServerFields.contains($0.key) })
                })
        }
        if case .object(var payload)? = fields["payload_extension"] {
            payload["llm_gateway"] = nil
            fields["payload_extension"] = .object(payload)
        }
        return .object(fields)
    }
}
