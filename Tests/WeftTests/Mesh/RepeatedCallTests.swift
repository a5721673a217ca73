// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing
import WeftBus
import WeftProtocol
import WeftTestKit
import WeftValue
import ZeroMQ

@testable import Weft

/// Calls, or their answers, that got lost with a connection.
@Suite(.timeLimit(.minutes(2)))
struct RepeatedCallTests {
    @Test func aCallWithoutAnAnswerIsSaidAgain() async throws {
        try await TestMesh.with(1) { nodes in
            let router = try Stranger.bound(.router)
            let id = NodeID.random()
            let link = try Stranger.dealer(to: nodes[0], as: id)
            link.send(ControlMessage.hello(Self.record(id, control: router.address)).encoded())
            _ = await nodes[0].member(within: .seconds(10)) { $0.record.id == id }
            let call = Task { try await nodes[0].request(to: id, "add", 21, timeout: .seconds(30)) }
            // The first one is lost, as if its connection had ended.
            try await router.received.wait(within: .seconds(10)) { $0.count { Self.number(of: $0) != nil } >= 2 }
            let calls = router.received.elements.filter { Self.number(of: $0) != nil }
            let numbers = calls.compactMap(Self.number)
            #expect(numbers[0] == numbers[1])
            let reply = ControlMessage.reply(id: numbers[1], isSuccess: true, body: 42).encoded()
            router.send(Message(frames: [calls[1].first, reply]))
            #expect(try await call.value == 42)
            #expect(await nodes[0].status().counters.requestsRepeated >= 1)
            await link.close()
            await router.close()
        }
    }

    @Test func aCallThatComesAgainIsDoneOnceAndAnsweredAgain() async throws {
        try await TestMesh.with(1) { nodes in
            let done = Atomic(0)
            let gate = Gate("the end of the work")
            nodes[0].handle("add") { _, body in
                done.add(1, ordering: .relaxed)
                try await gate.pass()
                return .int((body.intValue ?? 0) + 1)
            }
            let id = NodeID.random()
            let first = try Stranger.dealer(to: nodes[0], as: id)
            first.send(ControlMessage.hello(Self.record(id)).encoded())
            let call = ControlMessage.request(id: 7, method: "add", body: 41).encoded()
            first.send(call)
            try await gate.arrivals(1)
            // While it is being done, over a new link; then twice when it has been.
            let second = try Stranger.dealer(to: nodes[0], as: id, link: 2)
            second.send(ControlMessage.hello(Self.record(id)).encoded())
            second.send(call)
            while await nodes[0].status().counters.requestsCameAgain < 1 { try await Task.sleep(for: .milliseconds(5)) }
            gate.open()
            try await Self.expectAnswers(1, at: second)
            second.send(call)
            first.send(call)
            try await Self.expectAnswers(2, at: second)
            try await Self.expectAnswers(1, at: first)
            #expect(done.load(ordering: .relaxed) == 1)
            // Another number is another call.
            second.send(ControlMessage.request(id: 8, method: "add", body: 41).encoded())
            try await second.received.wait(within: .seconds(10)) { all in all.contains { Self.answer($0)?.number == 8 }
            }
            #expect(done.load(ordering: .relaxed) == 2)
            await first.close()
            await second.close()
        }
    }

    @Test func onlySoManyAnswersAreKept() throws {
        var calls = RecentCalls()
        let (caller, link) = (NodeID.random(), MeshLink.outbound(1))
        let start = MonotonicTime(nanoseconds: 1_000_000_000)
        func answer(_ number: UInt64, bytes: Int, at now: MonotonicTime) {
            #expect(calls.came(caller, number, on: link, at: now) == .isNew)
            #expect(calls.ended(caller, number, answer: [UInt8](repeating: 1, count: bytes), at: now) == link)
        }
        answer(1, bytes: 3 << 20, at: start)
        answer(2, bytes: 4 << 20, at: start)
        guard case .wasAnswered = calls.came(caller, 1, on: link, at: start) else {
            Issue.record("the first answer is not kept")
            return
        }
        answer(3, bytes: 4 << 20, at: start)
        #expect(calls.byteCount == 8 << 20)
        #expect(calls.came(caller, 1, on: link, at: start) == .isNew)
        #expect(calls.forgotten == 1)
        _ = calls.ended(caller, 1, answer: nil, at: start)
        // One alone that is too large is not kept, and pushes nothing out.
        answer(4, bytes: 9 << 20, at: start)
        #expect(calls.byteCount == 8 << 20)
        // And none for ever.
        answer(5, bytes: 1, at: start + .seconds(61))
        #expect(calls.byteCount == 1)
        #expect(calls.count == 1)
        for number in 10..<20_000 { answer(UInt64(number), bytes: 1, at: start + .seconds(61)) }
        #expect(calls.count == NodeDefaults.recentCalls)
    }

    private static func expectAnswers(_ count: Int, at stranger: Stranger) async throws {
        try await stranger.received.wait(within: .seconds(10)) { all in all.count { Self.answer($0) != nil } >= count }
        let answers = stranger.received.elements.compactMap(Self.answer)
        #expect(answers.allSatisfy { $0.number == 7 && $0.body == 42 })
        #expect(answers.count == count)
    }

    private static func answer(_ message: Message) -> (number: UInt64, body: Value)? {
        if case .reply(let number, true, let body)? = try? ControlMessage(decoding: message.first) {
            return (number, body)
        }
        return nil
    }

    private static func number(of message: Message) -> UInt64? {
        if case .request(let number, "add", _)? = try? ControlMessage(decoding: message[1] ?? []) { return number }
        return nil
    }

    private static func record(_ id: NodeID, control: String = "tcp://127.0.0.1:9") -> MemberRecord {
        MemberRecord(id: id, name: "stranger", control: control, publish: "tcp://127.0.0.1:10")
    }
}
