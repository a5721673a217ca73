// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftBus
import WeftProtocol
import WeftValue
import ZeroMQ

extension NodeCore {
    /// Another node calls.
    func answer(_ caller: NodeID, on link: MeshLink, _ number: UInt64, _ method: String, _ body: Value) {
        guard self.mayCall(method, caller) else {
            return self.send(.reply(id: number, isSuccess: false, body: RequestFailure.notOperator.body), on: link)
        }
        switch self.recentCalls.came(caller, number, on: link, at: .now) {
        case .isNew: break
        case .isRunning:
            self.counters.requestsCameAgain += 1
            return
        case .wasAnswered(let frame):
            self.counters.requestsCameAgain += 1
            return self.send(frame, on: link)
        }
        self.requests.answer(method, from: caller, body) { [loop] result in
            loop.post { [weak self] in
                self?.assumeIsolated { $0.answered(caller, number, result) }
            }
        }
    }

    private func answered(_ caller: NodeID, _ number: UInt64, _ result: Result<Value, RequestFailure>) {
        guard !self.isStopped else { return }
        let frame: [UInt8]
        // What refuses a call without having done anything is no answer to keep.
        var isKept = true
        switch result {
        case .success(let body): frame = ControlMessage.reply(id: number, isSuccess: true, body: body).encoded()
        case .failure(let failure):
            frame = ControlMessage.reply(id: number, isSuccess: false, body: failure.body).encoded()
            isKept = failure != .busy
        }
        let link = self.recentCalls.ended(caller, number, answer: isKept ? frame : nil, at: .now)
        if let link { self.send(frame, on: link) }
    }

    /// Calls another node, or this one.
    func call(_ peer: NodeID, _ method: String, _ body: Value, timeout: Duration) async -> Result<Value, NodeError> {
        guard !self.isStopped else { return .failure(.stopped) }
        self.lastCall += 1
        let number = self.lastCall
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let timer = self.loop.schedule(after: timeout) { [weak self] in
                    self?.assumeIsolated { $0.settle(number, .failure(.noAnswer(method, peer, timeout))) }
                }
                let call = PendingCall(
                    peer: peer, method: method, body: body, continuation: continuation, timer: timer)
                self.calls[number] = call
                if peer == self.id {
                    self.requests.answer(method, from: peer, body) { [loop] result in
                        loop.post { [weak self] in
                            self?.assumeIsolated {
                                $0.settle(number, result.mapError { RequestFailure.error($0.body) })
                            }
                        }
                    }
                } else if let actions = self.mesh.call(peer, number: number, method: method, body: body, at: .now) {
                    self.perform(actions)
                    self.repeatLater(number, after: call.pause)
                } else {
                    self.settle(number, .failure(.noMember(peer)))
                }
            }
        } onCancel: {
            self.loop.post { [weak self] in self?.assumeIsolated { $0.settle(number, .failure(.cancelled)) } }
        }
    }

    /// Says a call again for as long as it has no answer: it, or the answer, may have gone with a connection.
    private func repeatLater(_ number: UInt64, after pause: Duration) {
        self.loop.schedule(after: pause) { [weak self] in
            self?.assumeIsolated { core in
                guard let call = core.calls[number] else { return }
                core.counters.requestsRepeated += 1
                let actions = core.mesh.call(
                    call.peer, number: number, method: call.method, body: call.body, at: .now)
                if let actions { core.perform(actions) }
                core.calls[number]?.repeats += 1
                if let pause = core.calls[number]?.pause { core.repeatLater(number, after: pause) }
            }
        }
    }

    func settle(_ number: UInt64, _ result: Result<Value, NodeError>) {
        guard let call = self.calls.removeValue(forKey: number) else { return }
        self.loop.cancel(call.timer)
        call.continuation.resume(returning: result)
    }

    /// The first member that matches, when there is one; nil when the time has run out.
    func member(
        within limit: Duration, matching matches: @escaping @Sendable (MemberStatus) -> Bool
    ) async -> MemberStatus? {
        guard !self.isStopped else { return nil }
        if let member = self.mesh.members(at: .now).first(where: matches) { return member }
        guard limit > .zero else { return nil }
        self.lastCall += 1
        let number = self.lastCall
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                self.memberWaiters.append(MemberWaiter(number: number, matches: matches, continuation: continuation))
                self.loop.schedule(after: limit) { [weak self] in self?.assumeIsolated { $0.giveUp(number) } }
            }
        } onCancel: {
            self.loop.post { [weak self] in self?.assumeIsolated { $0.giveUp(number) } }
        }
    }

    private func giveUp(_ number: UInt64) {
        guard let index = self.memberWaiters.firstIndex(where: { $0.number == number }) else { return }
        self.memberWaiters.remove(at: index).continuation.resume(returning: nil)
    }
}

extension NodeError {
    static let stopped = NodeError(.state, "the node is not running")
    static let cancelled = NodeError(.state, "the call was cancelled")

    static func noMember(_ id: NodeID) -> NodeError {
        NodeError(.noMember, "\(id) is no live member of the mesh")
    }

    static func gone(_ id: NodeID) -> NodeError {
        NodeError(.gone, "\(id) went away before it answered")
    }

    static func noAnswer(_ method: String, _ id: NodeID, _ timeout: Duration) -> NodeError {
        NodeError(.timeout, "\(id) did not answer '\(method)' within \(timeout)")
    }
}
