// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Logging
import ServiceLifecycle
import UnixSignals
import Weft

// What the two services know of each other: names and types, given once.
extension EventKey {
    static var orderCreated: EventKey<String, Double> { "order:created" }
    static var orderCompleted: EventKey<String> { "order:completed" }
    static var paymentReceived: EventKey<String, Double> { "payment:received" }
}

/// One of two services that chain events across processes: it charges for the orders of the other.
///
///     swift run Examples payments tcp://127.0.0.1:7400
enum PaymentService {
    static func run(endpoint: String) async throws {
        let bus = EventBus.shared
        bus.on(.orderCreated) { order, total in
            print("payments: charging \(total) for \(order)")
            await bus.emit(.paymentReceived, order, total)
        }
        bus.on(.orderCompleted) { order in print("payments: \(order) is completed") }

        let node = Node(configuration: .init(name: "payments", bind: endpoint))
        try await ServiceGroup(
            services: [node], gracefulShutdownSignals: [.sigterm, .sigint], logger: Logger(label: "payments")
        ).run()
    }
}
