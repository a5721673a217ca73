// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import DequeModule
import WeftProtocol

extension ClusterSimulation {
    // MARK: - Sending

    /// Puts something on its way, if there is a connection or may be one.
    mutating func send(_ content: SimulatedConnection.Content, over connection: Int, isBack: Bool) {
        guard !self.connections[connection].isClosed else { return }
        let acceptor = self.connections[connection].acceptor
        if isBack, acceptor == nil { return }
        var copies = 1
        switch content {
        case .control:
            if self.chance(self.script.control, in: 1000) { return }
            if self.chance(self.script.twice, in: 1000) { copies = 2 }
        case .frame:
            let lossy = self.lossy[self.peers[acceptor ?? self.connections[connection].dialer].seat]
            if lossy.until > self.time, self.chance(1, in: lossy.oneIn) { return }
            if self.chance(self.script.published, in: 1000) { return }
            if self.connections[connection].back.queue.count >= self.script.highWaterMark {
                // As libzmq does: the whole frame, for this one only.
                self.report.leftBehind += 1
                return
            }
            if self.chance(self.script.twice, in: 1000) { copies = 2 }
        case .subscription: break
        }
        let slow = self.random.next()
        let latency = slow % 50 == 0 ? 20_000 + slow / 50 % 300_000 : 100 + slow / 50 % self.script.latency
        for _ in 0..<copies { self.append(content, to: connection, isBack: isBack, due: self.time + latency) }
    }

    private mutating func append(
        _ content: SimulatedConnection.Content, to connection: Int, isBack: Bool, due: UInt64
    ) {
        let overtakes = self.chance(self.script.overtaking, in: 1000)
        self.with(connection, isBack) { channel in
            channel.lastDue = max(channel.lastDue, due)
            if overtakes, let last = channel.queue.popLast() {
                channel.queue.append((last.due, content))
                channel.queue.append((channel.lastDue, last.content))
            } else {
                channel.queue.append((channel.lastDue, content))
            }
        }
        self.schedule(connection, isBack: isBack)
    }

    private mutating func with(_ connection: Int, _ isBack: Bool, _ body: (inout SimulatedConnection.Channel) -> Void) {
        if isBack { body(&self.connections[connection].back) } else { body(&self.connections[connection].outward) }
    }

    mutating func schedule(_ connection: Int, isBack: Bool) {
        guard self.connections[connection].acceptor != nil else { return }
        var due: UInt64?
        self.with(connection, isBack) { channel in
            guard !channel.isScheduled, let first = channel.queue.first else { return }
            channel.isScheduled = true
            due = first.due
        }
        if let due { self.plan(.deliver(connection, isBack: isBack), at: max(due, self.time)) }
    }

    // MARK: - Arriving

    mutating func deliver(_ connection: Int, isBack: Bool) throws {
        self.with(connection, isBack) { $0.isScheduled = false }
        guard let acceptor = self.connections[connection].acceptor else { return }
        let dialer = self.connections[connection].dialer
        let (sender, receiver) = isBack ? (acceptor, dialer) : (dialer, acceptor)
        guard self.peers[receiver].isUp else { return }
        // A node that does not read leaves it where it is; it looks again when it reads.
        if isBack, self.connections[connection].purpose == .events, !self.peers[receiver].isReading { return }
        let cut = self.cut(from: self.peers[sender].seat, to: self.peers[receiver].seat)
        let ready = max(self.peers[receiver].pausedUntil, cut)
        guard ready <= self.time else {
            self.with(connection, isBack) { $0.isScheduled = true }
            return self.plan(
                .deliver(connection, isBack: isBack), at: cut == ready ? ready + self.delay(0...400) : ready)
        }
        var content: SimulatedConnection.Content?
        self.with(connection, isBack) { content = $0.queue.popFirst()?.content }
        guard let content else { return }
        self.schedule(connection, isBack: isBack)
        switch content {
        case .control(let message): try self.receive(message, over: connection, isBack: isBack, at: receiver)
        case .frame(let frame): try self.receive(frame, at: receiver)
        case .subscription:
            guard !self.connections[connection].isSubscribed else { return }
            self.connections[connection].isSubscribed = true
            self.peers[receiver].subscribers.append(connection)
            let id = self.peers[sender].id
            self.note("\(self.name(receiver)) sees the subscription of \(self.name(sender))")
            try self.step(receiver) { mesh, now in mesh.subscriptionSeen(from: id, at: now) }
        }
    }

    func cut(from: Int, to: Int) -> UInt64 { self.cutUntil[from * self.settings.nodes + to] }

    // MARK: - Connections

    mutating func dial(_ purpose: SimulatedConnection.Purpose, to address: Int, by dialer: Int) -> Int {
        self.connections.append(SimulatedConnection(dialer: dialer, address: address, purpose: purpose))
        let connection = self.connections.count - 1
        self.plan(.connect(connection), after: self.delay(0...3))
        return connection
    }

    mutating func connect(_ connection: Int) {
        let state = self.connections[connection]
        guard !state.isClosed, state.acceptor == nil, self.peers[state.dialer].isUp else { return }
        let here = self.peers[state.dialer].seat
        guard self.peers[state.dialer].pausedUntil <= self.time,
            state.address < self.bound.count, let acceptor = self.bound[state.address],
            self.cut(from: here, to: self.peers[acceptor].seat) <= self.time,
            self.cut(from: self.peers[acceptor].seat, to: here) <= self.time
        else { return self.plan(.connect(connection), after: self.delay(100...1000)) }
        self.connections[connection].acceptor = acceptor
        self.connections[connection].life += 1
        switch state.purpose {
        case .control(let number):
            self.peers[acceptor].inbound[.init(dialer: state.dialer, number: number)] = connection
        case .events:
            self.send(.subscription, over: connection, isBack: false)
        }
        self.schedule(connection, isBack: false)
    }

    /// A connection closes: what is on its way gets lost, what the dialler has not sent waits for the next one.
    mutating func breaks(_ connection: Int) {
        guard self.connections[connection].acceptor != nil else { return }
        self.detach(connection)
        self.connections[connection].back.queue = []
        switch self.connections[connection].purpose {
        case .events: self.connections[connection].outward.queue = []
        case .control:
            let lost = self.random.next() % UInt64(self.connections[connection].outward.queue.count + 1)
            self.connections[connection].outward.queue.removeFirst(Int(lost))
        }
        self.plan(.connect(connection), after: self.delay(10...1000))
    }

    /// The dialler closes it: what it has handed to the network before may still arrive.
    mutating func close(_ connection: Int) {
        guard !self.connections[connection].isClosed else { return }
        self.connections[connection].isClosed = true
        self.detach(connection)
        self.connections[connection].outward.queue = []
        self.connections[connection].back.queue = []
    }

    private mutating func detach(_ connection: Int) {
        let state = self.connections[connection]
        guard let acceptor = state.acceptor else { return }
        if case .control(let number) = state.purpose {
            self.peers[acceptor].inbound[.init(dialer: state.dialer, number: number)] = nil
        } else if state.isSubscribed {
            self.peers[acceptor].subscribers.removeAll { $0 == connection }
        }
        self.connections[connection].isSubscribed = false
        self.connections[connection].acceptor = nil
    }
}
