// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Logging
import WeftBus
import WeftProtocol
import WeftValue
import ZeroMQ

extension NodeCore {
    /// Does what the mesh says, in its order.
    func perform(_ actions: [MeshAction]) {
        for action in actions {
            switch action {
            case .open(let link, let endpoint): self.open(link, endpoint)
            case .close(let link):
                if let socket = self.links.removeValue(forKey: link) { self.loop.close(socket) }
                self.linkUsers[link] = nil
                self.endDial(link)
            case .subscribe(let endpoint): self.listen(to: endpoint)
            case .unsubscribe(let endpoint): self.stopListening(to: endpoint)
            case .send(let message, let link): self.send(message, on: link)
            case .publish(let probe): self.publish(probe)
            case .deliver(let delivery):
                if !self.queue.append(delivery) { self.pauseReading() }
            case .takeSnapshot(let ticket):
                // In this order: history then has everything that the head counts, or more.
                let head = self.outbox.head
                let history = self.configuration.bus.historySnapshot()
                self.perform(self.mesh.answerSnapshot(ticket, history: history, head: head, at: .now))
            case .request(let caller, let link, let number, let method, let body):
                self.answer(caller, on: link, number, method, body)
            case .reply(let peer, let number, let isSuccess, let body):
                guard self.calls[number]?.peer == peer else { continue }
                self.settle(number, isSuccess ? .success(body) : .failure(RequestFailure.error(body)))
            case .joined:
                self.roomAgain()
                for member in self.mesh.members(at: .now) where member.isLeftOut {
                    self.logger.info(
                        "joined without a member: events do not pass both ways",
                        metadata: [
                            "weft.member": "\(member.record.name)", "weft.endpoint": "\(member.record.control)",
                        ])
                }
                self.settleJoin(.success(()))
            case .joinFailed(let error): self.settleJoin(.failure(error))
            case .flushed(let number, let report):
                self.flushWaiters.removeValue(forKey: number)?.resume(returning: report)
            case .rosterChanged: self.publishMembers()
            }
        }
    }

    private func open(_ link: UInt32, _ endpoint: String) {
        let target = self.mesh.target(of: link)
        do throws(ZeroMQError) {
            if let security = self.security {
                switch target {
                case .member(let record): try self.open(link, to: record, at: endpoint, security)
                case .seed: self.dial(link, at: endpoint, security)
                case nil: break
                }
                return
            }
            let socket = try NodeSockets.dealer(
                in: self.loop.context, routingID: RoutingID(node: self.id, link: link), connectedTo: endpoint)
            var handlers = SocketHandlers(onMessages: { messages in
                self.assumeIsolated { $0.repliesCame(messages, on: link) }
            })
            if target == .seed {
                handlers.onEvents = { events in
                    self.assumeIsolated { $0.plainSeedEvents(events, link, at: endpoint) }
                }
            }
            self.links[link] = try self.loop.add(socket, handlers)
        } catch {
            self.notOpened(endpoint, error)
        }
    }

    private func listen(to endpoint: String) {
        if let security = self.security { return self.listen(to: endpoint, security) }
        guard let subscriber = self.subscriber else { return }
        do throws(ZeroMQError) {
            let address = try Endpoint(advertised: endpoint)
            try self.loop.withSocket(subscriber) { socket throws(ZeroMQError) in try socket.connect(address) }
        } catch {
            self.notOpened(endpoint, error)
        }
    }

    func notOpened(_ endpoint: String, _ error: ZeroMQError) {
        self.counters.unopened += 1
        self.logger.info(
            "cannot connect", metadata: ["weft.endpoint": "\(endpoint)", "error": "\(error.label)"])
    }

    private func stopListening(to endpoint: String) {
        if self.security != nil { return self.closeStream(endpoint) }
        guard let subscriber = self.subscriber else { return }
        // It fails only where connecting has failed before, which was counted then.
        try? self.loop.withSocket(subscriber) { socket throws(ZeroMQError) in
            try socket.disconnect(try Endpoint(endpoint))
        }
    }

    func send(_ message: ControlMessage, on link: MeshLink) {
        self.send(message.encoded(), on: link)
    }

    func send(_ frame: [UInt8], on link: MeshLink) {
        let result: SendResult
        switch link {
        case .outbound(let number):
            guard let socket = self.links[number] else { return self.sendWhileDialling(frame, on: number) }
            result = self.loop.send(frame, on: socket)
            if result == .wouldBlock, self.security != nil {
                // libzmq gives up a link that is refused, and then takes nothing for it.
                self.perform(self.mesh.broke(link: number, at: .now))
            }
        case .inbound(let id, let number):
            guard let router = self.router else { return }
            let answer = Message(frames: [RoutingID(node: id, link: number).bytes, frame])
            result = self.loop.send(answer, on: router)
            if !result.isSent, self.hold(answer) { return }
        }
        // Whoever needs an answer asks again.
        if !result.isSent { self.counters.unsent += 1 }
    }

    /// Until it is known whose key answers at a seed's address, everyone who might gets the newest message.
    private func sendWhileDialling(_ frame: [UInt8], on link: UInt32) {
        guard let dial = self.dials[link] else { return }
        self.dials[link]?.frame = frame
        for socket in dial.trying.keys { self.loop.send(frame, on: socket) }
    }

    func publishMembers() {
        let members = self.mesh.members(at: .now)
        self.security?.follow(members)
        self.members.publish(members)
        let live = Set(members.filter { $0.state == .alive || $0.state == .suspect }.map(\.record.id))
        for (number, call) in self.calls where call.peer != self.id && !live.contains(call.peer) {
            self.settle(number, .failure(.gone(call.peer)))
        }
        guard !self.memberWaiters.isEmpty else { return }
        self.memberWaiters.removeAll { waiter in
            guard let member = members.first(where: waiter.matches) else { return false }
            waiter.continuation.resume(returning: member)
            return true
        }
    }
}
