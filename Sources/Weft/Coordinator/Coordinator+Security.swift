// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Logging
import WeftBus
import WeftProtocol
import ZeroMQ

extension Coordinator {
    /// Whether a message comes from the worker that it names, by the key of who sent it.
    func isOwn(_ message: WorkerMessage, of worker: NodeID, from user: String?) -> Bool {
        guard let security = self.security else { return true }
        let name: String? = if case .register(let registration) = message { registration.name } else { nil }
        return security.accepts(worker, named: name, from: user, as: .worker)
    }

    /// Something has happened to the connection to a worker.
    func linkChanged(_ events: [MonitorEvent], of id: SocketID, to worker: NodeID) {
        guard let link = self.links[worker], link.socket == id else { return }
        if events.contains(where: { $0.kind == .disconnected }) {
            self.step { dispatcher, now in dispatcher.connectionClosed(worker, at: now) }
        }
        guard events.contains(where: \.kind.isRefusal), let security = self.security else { return }
        // libzmq gives up a connection whose handshake was refused; keys come and go, so it is tried again.
        security.refusedElsewhere()
        self.loop.schedule(after: NodeDefaults.refusedRetryInterval) { [weak self] in
            self?.assumeIsolated { coordinator in
                guard coordinator.links[worker]?.socket == id else { return }
                coordinator.reconnect(worker)
            }
        }
    }

    /// Keys have come or gone: those that have gone lose their connections, and a new one of this node is shown to all.
    func keysChanged(_ change: SecurityChange) {
        guard self.phase == .running || self.phase == .draining, let security = self.security else { return }
        if change.ends(.sink), let sink = self.sink {
            do throws(ZeroMQError) {
                try self.loop.rebind(sink, onTrouble: security.trouble(with: .sink)) { socket throws(ZeroMQError) in
                    try security.secure(server: socket, .sink)
                }
            } catch {
                self.logger.error("A socket could not be bound anew", metadata: ["error": "\(error)"])
            }
        }
        if change.isRotated { for worker in self.links.keys { self.reconnect(worker) } }
        self.compareKeys()
    }

    /// Holds the links to workers against what is trusted, and against what the workers say that their sockets prove.
    func compareKeys() {
        guard let security = self.security else { return }
        for (worker, link) in self.links where link.key != security.key(of: worker) {
            guard security.key(of: worker) == nil else {
                self.reconnect(worker)
                continue
            }
            self.loop.close(link.socket)
            self.links[worker] = nil
            self.step { dispatcher, now in
                dispatcher.lost(worker, reason: "its key is trusted no longer", at: now)
            }
        }
    }

    private func reconnect(_ worker: NodeID) {
        guard let link = self.links.removeValue(forKey: worker) else { return }
        self.loop.close(link.socket)
        self.connect(worker, link.endpoint)
    }
}
