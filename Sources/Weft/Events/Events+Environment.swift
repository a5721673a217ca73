// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials
import WeftPlatform

extension Events.Configuration {
    /// The names of the variables that hold settings, beside those of ``PlatformConfiguration/Variable``.
    public enum Variable {
        /// Endpoints of nodes to join, separated by commas; when set, this process is a worker of their cluster.
        public static let join = "WEFT_JOIN"
        /// The stable name of this process in the mesh.
        public static let name = "WEFT_NAME"
        /// Where to listen, as `tcp://HOST:PORT`.
        public static let bind = "WEFT_BIND"
        /// The host that others dial.
        public static let advertise = "WEFT_ADVERTISE"
        /// Whether links without keys are allowed beyond this machine, when `1`, `true`, `yes` or `on`.
        public static let insecure = "WEFT_INSECURE"
        /// The file of this process's own key.
        public static let key = "WEFT_KEY"
        /// The directory of the public keys of those who are trusted.
        public static let trust = "WEFT_TRUST"
        /// How many tasks run at once.
        public static let slots = "WEFT_SLOTS"
    }

    /// Reads the settings from the environment: a worker of a cluster when `WEFT_JOIN` is set, else embedded, with the
    /// platform that the `XPANDER_*` variables name.
    ///
    /// - Parameters:
    ///   - variables: The variables; by default the process's environment.
    ///   - agentID: The agent, which wins over `XPANDER_AGENT_ID`.
    /// - Throws: ``EventsError`` that names every missing variable at once.
    public static func fromEnvironment(
        _ variables: [String: String] = ProcessInfo.processInfo.environment, agentID: String? = nil
    ) throws(EventsError) -> Self {
        func value(_ name: String) -> String? {
            variables[name].flatMap { $0.isEmpty ? nil : $0 }
        }
        var configuration: Self
        if let join = value(Variable.join) {
            let endpoints = join.split { $0 == "," || $0.isWhitespace }.map(String.init)
            configuration = .worker(
                join: endpoints, agentID: agentID ?? value(PlatformConfiguration.Variable.agentID))
        } else {
            configuration = .embedded(platform: try self.platform(of: variables, agentID: agentID))
        }
        configuration.name = value(Variable.name)
        configuration.bind = value(Variable.bind)
        configuration.advertise = value(Variable.advertise)
        configuration.isInsecure = ["1", "true", "yes", "on"].contains(value(Variable.insecure)?.lowercased())
        configuration.keys = try self.keys(key: value(Variable.key), trust: value(Variable.trust))
        if let slots = value(Variable.slots) {
            guard let number = Int(slots) else {
                throw EventsError(.invalidConfiguration, "\(Variable.slots) must be a number; it is '\(slots)'.")
            }
            configuration.slots = number
            configuration.maxSyncWorkers = number
        }
        try configuration.check()
        return configuration
    }

    private static func keys(key: String?, trust: String?) throws(EventsError) -> NodeKeys? {
        guard key != nil || trust != nil else { return nil }
        guard let key, let trust else {
            throw EventsError(
                .invalidConfiguration, "\(Variable.key) and \(Variable.trust) go together: set both, or neither.")
        }
        do {
            return try NodeKeys(keyFile: key, trustDirectory: trust)
        } catch {
            throw EventsError(.invalidConfiguration, error.message, cause: error)
        }
    }

    private static func platform(
        of variables: [String: String], agentID: String?
    ) throws(EventsError) -> PlatformConfiguration {
        let agentIDs = agentID.map { [$0] } ?? []
        let hint = "or set \(Variable.join) to run as a worker of a cluster"
        do {
            if let platform = try PlatformConfiguration(variables: variables, agentIDs: agentIDs) { return platform }
        } catch  where error.missing == [PlatformConfiguration.Variable.agentID] {
            // The handlers may name their agents themselves; the start checks whether they all do.
            if let platform = try? PlatformConfiguration(variables: variables, requiresAgent: false) { return platform }
            throw EventsError(.invalidConfiguration, error.message, cause: error)
        } catch {
            throw EventsError(.invalidConfiguration, error.message, cause: error)
        }
        let names = [
            PlatformConfiguration.Variable.agentID, PlatformConfiguration.Variable.organizationID,
            PlatformConfiguration.Variable.apiKey,
        ].filter { agentID == nil || $0 != PlatformConfiguration.Variable.agentID }
        throw EventsError(
            .invalidConfiguration,
            "The platform's settings are missing: set \(names.joined(separator: ", ")), \(hint).")
    }
}
