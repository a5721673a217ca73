// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftProtocol
import WeftTestKit
import ZeroMQ

/// A socket that hears a node's events, and takes one of them only now and then.
final class SlowReader: Sendable {
    /// The sizes of what it has taken.
    let messages = Collector<Int>("messages at a slow reader")
    private let loop: SocketLoop

    /// Connects to where a node publishes.
    init(of address: String, pause: Duration) throws {
        let context = try Context()
        var settings = SocketLoop.Configuration()
        settings.messageBudget = 1
        self.loop = try SocketLoop(context: context, configuration: settings)
        var options = Socket.Options()
        options.receiveHighWaterMark = 1
        let socket = try Socket(.sub, in: context, options: options)
        try socket.set(.receiveBuffer, to: 200_000)
        try socket.subscribe([WireFormat.batchTopic])
        try socket.connect(address)
        _ = try self.loop.add(socket) { [messages, loop] id in
            SocketHandlers(onMessages: { taken in
                messages.append(contentsOf: taken.map(\.first.count))
                loop.pause(id)
                loop.schedule(after: pause) { loop.resume(id) }
            })
        }
    }

    /// Closes the socket.
    func close() async {
        await self.loop.shutdown(within: .seconds(1))
    }
}
