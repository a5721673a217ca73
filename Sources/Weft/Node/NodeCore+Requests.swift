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
        self.requests.answer(method, from: caller, body) { [loop] result in
            loop.post { [weak self] in
                self?.assumeIsolated { core in
                    guard !core.isStopped else { return }
                    switch result {
                    case .success(let body): core.send(.reply(id: number, isSuccess: true, body: body), on: link)
                    case .failure(let failure):
                        core.send(.reply(id: number, isSuccess: false, body: failure.body), on: link)
                    }
                }
            }
        }
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
                self.calls[number] = PendingCall(peer: peer, continuation: continuation, timer: timer)
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
                } else {
                    self.settle(number, .failure(.noMember(peer)))
                }
            }
        } onCancel: {
            self.loop.post { [weak self] in self?.assumeIsolated { $0.settle(number, .failure(.cancelled)) } }
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
