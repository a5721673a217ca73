// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Weft

/// Events inside a web application: requests emit, and the page of the audit log shows what was heard.
///
///     swift run Examples web 8080
///     curl -X POST http://127.0.0.1:8080/orders/o-1
///     curl http://127.0.0.1:8080/audit
enum WebShop {
    /// What was heard, in order.
    actor AuditLog {
        private(set) var lines: [String] = []

        func append(_ line: String) {
            self.lines.append(line)
        }
    }

    static func run(port: Int) async throws {
        let bus = EventBus.shared
        let audit = AuditLog()
        bus.on(matching: "order:*") { record in
            let arguments = try record.values().map { $0.json() }
            await audit.append("\(record.name) \(arguments.joined(separator: " "))")
        }

        let router = Router()
        router.post("orders/:id") { _, context in
            let id = try context.parameters.require("id")
            // The answer goes out when the handlers of this process are done.
            let report = await bus.emit("order:created", id)
            return "order \(id) was seen by \(report.delivered)\n"
        }
        router.get("audit") { _, _ in
            await audit.lines.joined(separator: "\n") + "\n"
        }

        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)),
            onServerRunning: { channel in
                print("listening on http://127.0.0.1:\(channel.localAddress?.port ?? port)")
            })
        try await application.runService()
    }
}
