// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// The parts of an address that the platform's rules look at, and nothing more.
struct URLParts: Hashable {
    /// `http` or `https`, lower case.
    let scheme: String
    /// The host in lower case, without brackets.
    let host: String
    /// The port if one is given.
    let port: Int?
    /// Host and port as given, without credentials.
    let authority: String
    /// The path as given, empty or starting with a slash.
    let path: String
    /// Whether there were a user name, a query or a fragment.
    let hasMore: Bool

    /// Takes an address apart; nil without `http` or `https`, without a host, or with a port that is none.
    init?(_ url: String) {
        guard let colon = url.firstRange(of: "://") else { return nil }
        let scheme = url[..<colon.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else { return nil }
        let rest = url[colon.upperBound...]
        let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        var authority = rest[..<end]
        var hasMore = false
        if let at = authority.lastIndex(of: "@") {
            authority = authority[authority.index(after: at)...]
            hasMore = true
        }
        var host = authority
        var portText: Substring?
        if authority.hasPrefix("[") {
            guard let close = authority.firstIndex(of: "]") else { return nil }
            host = authority[authority.index(after: authority.startIndex)..<close]
            let tail = authority[authority.index(after: close)...]
            guard tail.isEmpty || tail.hasPrefix(":") else { return nil }
            portText = tail.isEmpty ? nil : tail.dropFirst()
        } else if let portColon = authority.firstIndex(of: ":") {
            host = authority[..<portColon]
            portText = authority[authority.index(after: portColon)...]
        }
        guard !host.isEmpty, !host.contains(where: { $0.isWhitespace || $0 == ":" && !authority.hasPrefix("[") }) else {
            return nil
        }
        if let portText {
            guard let port = UInt16(portText), port > 0 else { return nil }
            self.port = Int(port)
        } else {
            self.port = nil
        }
        let tail = rest[end...]
        let pathEnd = tail.firstIndex { "?#".contains($0) } ?? tail.endIndex
        self.scheme = scheme
        self.host = host.lowercased()
        self.authority = String(authority)
        self.path = String(tail[..<pathEnd])
        self.hasMore = hasMore || pathEnd != tail.endIndex
    }
}
