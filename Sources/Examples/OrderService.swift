// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Weft

/// The other of two services that chain events across processes: it takes orders, and completes those that are paid.
///
///     swift run Examples orders tcp://127.0.0.1:7400
enum OrderService {
    static func run(endpoint: String) async throws {
        let bus = EventBus.shared
        let payments = bus.events(.paymentReceived, from: .remote)

        // Joined means: whoever was there hears what is emitted from here on.
        try await Node.with(.init(name: "orders", seeds: [endpoint])) { node in
            var unpaid: Set = ["o-1", "o-2", "o-3"]
            for order in unpaid.sorted() { await bus.emit(.orderCreated, order, 9.5) }

            for await (order, amount) in payments {
                print("orders: \(order) is paid with \(amount)")
                await bus.emit(.orderCompleted, order)
                unpaid.remove(order)
                if unpaid.isEmpty { break }
            }
            let report = await node.flush()
            print("orders: confirmed by \(report.confirmed)")
        }
    }
}
