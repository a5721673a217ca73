// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking
import WeftProtocol

/// The roster for whoever wants to follow it: the newest one, whole, whenever it changes.
final class MemberBroadcast: Sendable {
    private struct State {
        var members: [MemberStatus] = []
        var followers: [UInt64: AsyncStream<[MemberStatus]>.Continuation] = [:]
        var last: UInt64 = 0
        var isFinished = false
    }

    private let state = Locked(State())

    var members: [MemberStatus] { self.state.withLock { $0.members } }

    func publish(_ members: [MemberStatus]) {
        let followers = self.state.withLock { state in
            state.members = members
            return Array(state.followers.values)
        }
        for follower in followers { follower.yield(members) }
    }

    func follow() -> AsyncStream<[MemberStatus]> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: [MemberStatus].self, bufferingPolicy: .bufferingNewest(1))
        let (id, members, isFinished) = self.state.withLock { state in
            state.last += 1
            if !state.isFinished { state.followers[state.last] = continuation }
            return (state.last, state.members, state.isFinished)
        }
        continuation.onTermination = { _ in self.state.withLock { $0.followers[id] = nil } }
        continuation.yield(members)
        if isFinished { continuation.finish() }
        return stream
    }

    func finish() {
        let followers = self.state.withLock { state in
            state.isFinished = true
            defer { state.followers = [:] }
            return Array(state.followers.values)
        }
        for follower in followers { follower.finish() }
    }
}
