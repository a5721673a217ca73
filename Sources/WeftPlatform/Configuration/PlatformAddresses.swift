// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// The two roots that the platform's addresses are made from, and the addresses.
struct PlatformAddresses: Hashable, Sendable {
    /// Worker streams, worker messages and task update streams.
    let eventsRoot: String
    /// Everything else.
    let restRoot: String

    /// Derives the roots, by the host, port and path of the base address and never by a search in its text.
    init(base: URLParts, organizationID: String) {
        let org = Self.segment(organizationID)
        var path = base.path
        if path.hasSuffix("/") { path.removeLast() }
        let plain = "\(base.scheme)://\(base.authority)\(path)"

        switch (base.host, base.port) {
        case ("inbound.xpander.ai", _): self.eventsRoot = "https://agent-controller.xpander.ai/\(org)"
        case ("inbound.stg.xpander.ai", _): self.eventsRoot = "https://agent-controller.stg.xpander.ai/\(org)"
        case ("localhost", 8085), ("127.0.0.1", 8085), ("::1", 8085): self.eventsRoot = "http://localhost:9016/\(org)"
        default: self.eventsRoot = "\(plain)/\(org)"
        }

        let firstSegment = path.split(separator: "/").first
        let isController =
            base.host.contains("agent-controller") || base.port == 9016 || firstSegment == "agent-controller"
        self.restRoot = isController ? "\(plain)/\(org)" : plain
    }

    func workerStream(agentID: String, environment: String) -> String {
        "\(self.eventsRoot)/events/\(Self.segment(agentID))/?environment=\(Self.segment(environment))"
    }

    func workerMessage(workerID: String, agentID: String) -> String {
        "\(self.eventsRoot)/events/\(Self.segment(workerID))?type=worker&agent_id=\(Self.segment(agentID))"
    }

    func taskEvents(_ taskID: String) -> String {
        "\(self.eventsRoot)/agent-execution/\(Self.segment(taskID))/events"
    }

    /// An address below the REST root; the parts are escaped.
    func rest(_ parts: String..., query: [(name: String, value: String)] = []) -> String {
        let path = parts.map { "/" + Self.segment($0) }.joined()
        let items = query.map { "\($0.name)=\(Self.segment($0.value))" }.joined(separator: "&")
        return self.restRoot + path + (items.isEmpty ? "" : "?" + items)
    }

    /// Text as one segment of a path or one value of a query: an id from outside can't reach another address.
    static func segment(_ text: String) -> String {
        if text == "." || text == ".." { return text.replacing(".", with: "%2E") }
        var escaped = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "~"):
                escaped.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let hex = String(byte, radix: 16, uppercase: true)
                escaped += "%" + (hex.utf8.count == 1 ? "0" : "") + hex
            }
        }
        return escaped
    }
}
