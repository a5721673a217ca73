// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftBus
import WeftProtocol
import ZeroMQ

extension NodeCore {
    /// Makes and binds the sockets.
    ///
    /// - Returns: Where the control socket is bound; events are published at the next port.
    func bind(_ addresses: NodeAddresses) throws(NodeError) -> Endpoint {
        guard addresses.bind.port == nil else { return try self.bind(to: addresses.bind) }
        // Four ports in a row, at a multiple of four, so that two nodes' ports never interleave.
        var generator = SystemRandomNumberGenerator()
        let picker = PortPicker()
        for _ in 0..<NodeDefaults.bindAttempts {
            let port = picker.pick(using: &generator) & ~3
            guard picker.range.contains(port) else { continue }
            do throws(NodeError) {
                return try self.bind(to: addresses.bind.withPort(port))
            } catch {
                guard error.code == .addressInUse else { throw error }
            }
        }
        throw NodeError(
            .addressInUse, "\(NodeDefaults.bindAttempts) random ports are taken: say with --bind which one to use")
    }

    private func bind(to endpoint: Endpoint) throws(NodeError) -> Endpoint {
        do throws(ZeroMQError) {
            let context = self.loop.context
            let router = try NodeSockets.router(in: context, boundTo: endpoint, self.security)
            let publisher = try NodeSockets.publisher(
                in: context, boundTo: endpoint.publishing, patience: self.publishing.patience.limit, self.security)
            let monitor = self.doorkeeper.monitor
            self.router = try self.loop.add(
                router,
                SocketHandlers(
                    onMessages: { messages in self.assumeIsolated { $0.controlCame(messages) } }, onEvents: monitor))
            self.publisher = try self.loop.add(
                publisher,
                SocketHandlers(
                    onMessages: { messages in self.assumeIsolated { $0.subscriptionsCame(messages) } },
                    onEvents: monitor))
            // With keys every member's events come over a socket of their own: so it is certain whose they are.
            guard self.security == nil else { return endpoint }
            let subscriber = try NodeSockets.subscriber(in: context, id: self.id)
            self.subscriber = try self.loop.add(
                subscriber, SocketHandlers(onMessages: { messages in self.assumeIsolated { $0.eventsCame(messages) } }))
            return endpoint
        } catch {
            throw NodeError(binding: error)
        }
    }
}

extension Endpoint {
    /// The address of the events of a node whose control address this is.
    var publishing: Endpoint { self.withPort(self.port.map { $0 + 1 }) }
}
