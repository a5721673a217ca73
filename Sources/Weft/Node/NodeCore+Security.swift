// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Logging
import WeftBus
import WeftProtocol
import ZeroMQ

// What a node with keys does differently: it dials those whose keys it knows, holds what arrives against them, and opens its
// sockets anew when keys come and go.
extension NodeCore {
    // MARK: Control links

    /// Opens a link to a member, whose key is known.
    func open(_ link: UInt32, to record: MemberRecord, at endpoint: String, _ security: NodeSecurity)
        throws(ZeroMQError)
    {
        guard let key = security.key(of: record) else {
            throw ZeroMQError(.invalidKey, "\(record.name) is not trusted")
        }
        self.linkUsers[link] = record.name
        self.links[link] = try self.loop.add(
            try self.dealer(link, endpoint) { socket throws(ZeroMQError) in
                try security.secure(client: socket, to: key)
            },
            SocketHandlers(onMessages: { messages in self.assumeIsolated { $0.repliesCame(messages, on: link) } }))
    }

    /// Opens a link to an address of which nobody knows whose key answers there.
    func dial(_ link: UInt32, at endpoint: String, _ security: NodeSecurity) {
        var candidates = security.candidates
        if let search = self.searches.removeValue(forKey: endpoint) {
            self.dials[link] = SeedDial(endpoint, continuing: search, candidates: candidates)
            return self.widen(link)
        }
        var likely = security.coordinatorKeys
        // Who was there the last time is likely to be there again.
        if let key = self.seedKeys[endpoint], let index = candidates.firstIndex(where: { $0.key == key }) {
            candidates.insert(candidates.remove(at: index), at: 0)
            likely = 1
        }
        self.dials[link] = SeedDial(endpoint, candidates: candidates, likely: likely)
        self.widen(link)
    }

    /// Tries more keys, as many as may be tried at once.
    private func widen(_ link: UInt32) {
        guard let security = self.security else { return }
        while let (dial, attempt) = self.nextAttempt(link) {
            do throws(ZeroMQError) {
                let socket = try self.dealer(link, dial.endpoint) { socket throws(ZeroMQError) in
                    try security.secure(client: socket, to: attempt.key)
                    // What it was to say is said by the right one.
                    try socket.set(.linger, to: .zero)
                }
                let id = try self.loop.add(socket) { id in
                    SocketHandlers(
                        onMessages: { messages in self.assumeIsolated { $0.repliesCame(messages, on: link) } },
                        onEvents: { events in self.assumeIsolated { $0.dialled(events, id, link) } })
                }
                self.dials[link]?.began(attempt, on: id)
                if let frame = dial.frame { self.loop.send(frame, on: id) }
            } catch {
                self.notOpened(dial.endpoint, error)
            }
        }
        guard let dial = self.dials[link], dial.isExhausted else { return }
        let rounds = self.configuration.joinTimeout == nil ? SeedDial.roundsOfServices : SeedDial.rounds
        if dial.round < rounds {
            self.loop.schedule(after: SeedDial.pause) { [weak self] in
                self?.assumeIsolated { core in
                    guard !core.isStopped, core.dials[link]?.isExhausted == true else { return }
                    core.dials[link]?.beginAgain()
                    core.widen(link)
                }
            }
            return
        }
        self.refused(
            link,
            "whoever listens at \(dial.endpoint) has none of the keys in this node's trust directory, or has no keys at all: is "
                + "its file there, and is it a node of Weft with keys?")
    }

    private func nextAttempt(_ link: UInt32) -> (SeedDial, SeedDial.Attempt)? {
        guard let attempt = self.dials[link]?.next(), let dial = self.dials[link] else { return nil }
        return (dial, attempt)
    }

    /// Ends a search that has not found anybody; a later one at the same address goes on from there.
    func endDial(_ link: UInt32) {
        guard let dial = self.dials.removeValue(forKey: link) else { return }
        self.searches[dial.endpoint] = dial.unfinished
        for socket in dial.trying.keys { self.loop.close(socket) }
    }

    /// Something has happened to a connection to a seed, with one of the keys that are tried.
    private func dialled(_ events: [MonitorEvent], _ id: SocketID, _ link: UInt32) {
        guard !self.isStopped else { return }
        for event in events {
            guard let dial = self.dials[link], let attempt = dial.trying[id] else { return }
            switch event.kind {
            case .handshakeSucceeded:
                self.dials[link] = nil
                self.links[link] = id
                self.linkUsers[link] = attempt.name
                self.seedKeys[dial.endpoint] = attempt.key
                self.lingers(id)
                self.refusals.answered(at: dial.endpoint)
                for other in dial.trying.keys where other != id { self.loop.close(other) }
            case .handshakeFailedAuthentication:
                self.security?.refusedElsewhere()
                let message = self.distrusts("\(attempt.name) at \(dial.endpoint)")
                self.refused(by: attempt.name, at: dial.endpoint, message)
                self.refused(link, message)
            case .handshakeFailedProtocol where event.isMechanismMismatch:
                self.refused(
                    link, "the node at \(dial.endpoint) has no keys, and this one talks only to nodes that have")
            case .handshakeFailed, .handshakeFailedProtocol:
                self.dials[link]?.failed(id)
                self.loop.close(id)
                self.widen(link)
            default: break
            }
        }
    }

    /// What is said on a link that stays outlives it for a while.
    private func lingers(_ id: SocketID) {
        // It fails only for a socket that is closed.
        try? self.loop.withSocket(id) { socket throws(ZeroMQError) in try socket.set(.linger, to: NodeDefaults.linger) }
    }

    /// A link to a seed without keys: it may lead to a node that has some.
    func plainSeedEvents(_ events: [MonitorEvent], _ link: UInt32, at endpoint: String) {
        guard !self.isStopped else { return }
        // It may hang up before it has been read what it speaks. A server that is being restarted does so, too, but not for long.
        self.hangUps[endpoint, default: 0] += events.count { $0.kind == .handshakeFailed }
        if events.contains(where: { $0.kind == .handshakeSucceeded }) { self.hangUps[endpoint] = nil }
        let patience =
            self.configuration.joinTimeout == nil ? NodeDefaults.hangUpsOfServices : NodeDefaults.hangUps
        if self.hangUps[endpoint] ?? 0 >= patience {
            self.hangUps[endpoint] = nil
            self.refused(
                link,
                "whoever listens at \(endpoint) hangs up during the handshake: it talks only to nodes with keys (--key-file "
                    + "FILE, --trust DIR), or is no node of Weft")
            return
        }
        guard events.contains(where: \.isMechanismMismatch) else { return }
        self.refused(
            link,
            "the node at \(endpoint) talks only to nodes with keys: give this one a key and a directory of those it trusts "
                + "(--key-file FILE, --trust DIR)")
    }

    private func distrusts(_ other: String) -> String {
        "\(other) does not trust this node's key (\(self.configuration.name), \(self.security?.publicKey.text ?? "")): its file "
            + "must be in the trust directory there"
    }

    private func refused(_ link: UInt32, _ message: String) {
        if let dial = self.dials.removeValue(forKey: link) {
            for id in dial.trying.keys { self.loop.close(id) }
        }
        self.perform(self.mesh.refused(link: link, .key, message, at: .now))
    }

    private func dealer(
        _ link: UInt32, _ endpoint: String, _ secure: (borrowing Socket) throws(ZeroMQError) -> Void
    ) throws(ZeroMQError) -> sending Socket {
        try NodeSockets.dealer(
            in: self.loop.context, routingID: RoutingID(node: self.id, link: link), connectedTo: endpoint, secure)
    }

    // MARK: Who says what

    /// Holds a control message against who has proved to have sent it.
    ///
    /// - Returns: What counts of it; nil for nothing.
    func vetted(_ message: ControlMessage, on link: MeshLink, from user: String?) -> ControlMessage? {
        guard let security = self.security else { return message }
        let (sender, proved): (NodeID?, String?)
        switch link {
        case .inbound(let id, _): (sender, proved) = (id, user)
        case .outbound(let number):
            if case .member(let record) = self.mesh.target(of: number) { sender = record.id } else { sender = nil }
            proved = self.linkUsers[number]
        }
        let verdict = security.check(message, from: proved, as: sender)
        switch verdict {
        case .pass(let message):
            if case .outbound(let number) = link { self.noteAnswer(message, on: number) }
            return message
        case .drop: return nil
        case .refuse(let reason, let text):
            self.logger.info(
                "a message was refused",
                metadata: ["peer.name": "\(proved ?? "")", "reason": "\(reason)", "weft.link": "\(link)"])
            guard case .inbound = link else { return nil }
            self.send(.reject(reason, message: text, versions: .current), on: link)
            return nil
        }
    }

    /// Whether the other end of a link of this node's own takes what this node says about itself.
    private func noteAnswer(_ message: ControlMessage, on number: UInt32) {
        switch message {
        case .welcome(let record, _): self.refusals.accepted(.claim, by: record.id)
        case .reject(.identity, let text, _):
            guard case .member(let record) = self.mesh.target(of: number) else { return }
            self.refused(.claim, by: record, "\(record.name) says: \(text)")
        default: break
        }
    }

    /// Whether a caller may do what a method does.
    func mayCall(_ method: String, _ caller: NodeID) -> Bool {
        guard let security = self.security, self.requests.needsOperator(method) else { return true }
        return security.isOperator(caller)
    }

    // MARK: Event streams, one socket for each member

    func listen(to endpoint: String, _ security: NodeSecurity) {
        self.closeStream(endpoint)
        do throws(ZeroMQError) {
            guard let record = self.mesh.member(publishingAt: endpoint), let key = security.key(of: record) else {
                throw ZeroMQError(.invalidKey, "nobody who is trusted publishes at \(endpoint)")
            }
            let origin = record.id
            let socket = try NodeSockets.subscriber(in: self.loop.context, id: self.id)
            try security.secure(client: socket, to: key)
            try socket.connect(try Endpoint(advertised: endpoint))
            let id = try self.loop.add(socket) { id in
                SocketHandlers(
                    onMessages: { messages in self.assumeIsolated { $0.eventsCame(messages, of: origin) } },
                    onEvents: { events in self.assumeIsolated { $0.streamChanged(events, id, endpoint) } })
            }
            self.streams[endpoint] = id
            if !self.isReading { self.loop.pause(id) }
        } catch {
            self.notOpened(endpoint, error)
        }
    }

    func closeStream(_ endpoint: String) {
        if let id = self.streams.removeValue(forKey: endpoint) { self.loop.close(id) }
    }

    /// libzmq gives up a connection whose handshake was refused; keys come and go, so it is tried again.
    private func streamChanged(_ events: [MonitorEvent], _ id: SocketID, _ endpoint: String) {
        guard !self.isStopped, let security = self.security, self.streams[endpoint] == id else { return }
        let member = self.mesh.member(publishingAt: endpoint)
        if let member, events.contains(where: { $0.kind == .handshakeSucceeded }) {
            self.refusals.accepted(.key, by: member.id)
        }
        guard events.contains(where: \.kind.isRefusal) else { return }
        if let member, events.contains(where: { $0.kind == .handshakeFailedAuthentication }) {
            self.refused(.key, by: member, self.distrusts("\(member.name) at \(endpoint)"))
        }
        security.refusedElsewhere()
        self.loop.schedule(after: NodeDefaults.refusedRetryInterval) { [weak self] in
            self?.assumeIsolated { core in
                guard !core.isStopped, core.streams[endpoint] == id else { return }
                core.listen(to: endpoint, security)
            }
        }
    }

    // MARK: Changes

    /// Begins to look after the files of keys.
    func watchKeys() {
        guard let watcher = self.keyWatcher, self.security != nil else { return }
        // Ends in `stop`; it must not run on the loop, where reading a file would hold up everything.
        let loop = self.loop
        weak let core = self
        self.watching = Task {
            await watcher.run { change in loop.post { core?.assumeIsolated { $0.keysChanged(change) } } }
        }
    }

    private func keysChanged(_ change: KeyWatcher.Change) {
        guard !self.isStopped, let security = self.security else { return }
        let result = security.update(trust: change.trust, key: change.key)
        if change.trust != nil {
            self.logger.notice("The trust directory has changed", metadata: ["trust.nodes": "\(security.trustedCount)"])
            self.perform(self.mesh.revoke(at: .now) { security.key(of: $0) == nil })
        }
        guard let result else { return }
        guard result.isRotated else { return self.rebind(result, security) }
        self.logger.notice("This node has a new key", metadata: ["weft.key": "\(security.publicKey)"])
        // The others learn of it while the old connections stand.
        self.perform(self.mesh.rotated(to: security.publicKey.text, at: .now))
        self.loop.schedule(after: NodeDefaults.rotationNotice) { [weak self] in
            self?.assumeIsolated { core in
                guard !core.isStopped else { return }
                core.rebind(result, security)
                core.perform(core.mesh.reconnect(at: .now))
            }
        }
    }

    /// Keeps an answer that found nobody, when that may be because the sockets were bound anew.
    func hold(_ answer: Message) -> Bool {
        guard self.heldAnswers.add(answer, at: .now) else { return false }
        if self.heldAnswers.messages.count == 1 { self.scheduleHeldAnswers() }
        return true
    }

    private func scheduleHeldAnswers() {
        self.loop.schedule(after: NodeDefaults.heldAnswerInterval) { [weak self] in
            self?.assumeIsolated { $0.sendHeldAnswers() }
        }
    }

    private func sendHeldAnswers() {
        guard !self.isStopped, let router = self.router else { return }
        let waiting = self.heldAnswers.take()
        for answer in waiting where !self.loop.send(answer, on: router).isSent {
            if !self.heldAnswers.add(answer, at: .now) { self.counters.unsent += 1 }
        }
        if !self.heldAnswers.messages.isEmpty { self.scheduleHeldAnswers() }
    }

    private func rebind(_ change: SecurityChange, _ security: NodeSecurity) {
        if change.ends(.control) {
            self.heldAnswers.begin(at: .now)
            self.rebind(self.router, .control, security)
        }
        if change.ends(.events) { self.rebind(self.publisher, .events, security) }
    }

    private func rebind(_ id: SocketID?, _ domain: SocketDomain, _ security: NodeSecurity) {
        guard let id else { return }
        do throws(ZeroMQError) {
            try self.loop.rebind(
                id, onTrouble: security.trouble(with: domain)
            ) { socket throws(ZeroMQError) in try security.secure(server: socket, domain) }
        } catch {
            self.logger.error("A socket could not be bound anew", metadata: ["error": "\(error)"])
        }
    }
}
