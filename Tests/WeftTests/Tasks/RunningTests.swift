// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking
import Logging
import Testing
import WeftBus
import WeftProtocol
import WeftTestKit
import WeftValue

@testable import Weft
@testable import WeftServer

/// What happens while a task runs: progress, cancel, limits, drain.
@Suite(.timeLimit(.minutes(3)))
struct RunningTests {
    private static func settings(_ name: String, seeds: [String] = []) -> Node.Configuration {
        var logger = Logger(label: name)
        logger.logLevel = .error
        return Node.Configuration(name: name, seeds: seeds, bus: EventBus(), logger: logger)
    }

    @Test func aHandlersProgressIsAnEventOnEveryNode() async throws {
        try await Node.with(Self.settings("coordinator")) { node in
            let coordinator = try Coordinator(node: node, ledger: InMemoryLedger())
            let seed = try #require(await node.members().first?.record.control)
            try await Node.with(Self.settings("watcher", seeds: [seed])) { watcher in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await coordinator.run() }
                    try await coordinator.waitUntilStarted()
                    let seen = watcher.bus.records(matching: "task:progress")
                    let worker = try Worker(
                        node: node,
                        runner: ClosureRunner(agentIDs: []) { _, context in
                            context.progress(["percent": 50])
                            for await record in seen {
                                return .completed(TaskResult(.array((try? record.values()) ?? [])))
                            }
                            return .failed(TaskFailure("the watcher ended"))
                        })
                    group.addTask { try await worker.run() }
                    let receipt = try await watcher.submit(TaskSubmission(id: "t-1", payload: .null))
                    #expect(
                        try await receipt.outcome(within: .seconds(40))
                            == .completed(TaskResult(["t-1", 1, ["percent": 50]])))
                    await worker.stop()
                    await coordinator.requestStop()
                    try await group.waitForAll()
                }
            }
        }
    }

    @Test func progressIsPushedToThePlatformAndNeverAfterTheEnd() async throws {
        try await PlatformScene.run { scene in
            let (pushed, go) = AsyncStream.makeStream(of: Void.self)
            try await scene.bench.withWorker(
                "one",
                handler: { _, context in
                    context.progress("packing")
                    for await _ in pushed { break }
                    for number in 0..<100 { context.progress(Value(number)) }
                    return .completed(TaskResult("done"))
                }
            ) { _ in
                let id = try scene.hand(["agent_id": "agent", "text": "work", "events_streaming": true])
                try await scene.standIn.wait {
                    $0.task(id)?.events.contains { $0["data"]?["progress"] == "packing" } ?? false
                }
                go.yield()
                try await scene.standIn.wait { $0.task(id)?.isFinal ?? false }
                let task = try #require(scene.standIn.snapshot.task(id))
                #expect(task.object["result"] == "done")
                let update = try #require(task.events.first { $0["data"]?["progress"] == "packing" })
                #expect(update["type"] == "task_updated")
                #expect(update["data"]?["status"] == "executing")
                #expect(update["data"]?["internal_status"] == "packing")
                #expect(update["data"]?["input"]?["text"] == "work")
                let end = try #require(task.events.lastIndex { $0["type"] == "task_finished" })
                #expect(!task.events[end...].contains { $0["data"]?["progress"] != nil })
            }
        }
    }

    @Test func aHandlerSeesWhyItShouldStop() async throws {
        let (began, signal) = AsyncStream.makeStream(of: Void.self)
        let reasons = Locked<[String?]>([])
        try await TaskBench.run { bench in
            try await bench.withWorker(
                "one",
                handler: { _, context in
                    #expect(!context.isCancelled)
                    signal.yield()
                    for await _ in AsyncStream<Void>.makeStream().stream {}
                    reasons.withLock { $0.append(context.cancellationReason) }
                    #expect(throws: CancellationError.self) { try context.checkCancellation() }
                    return .cancelled(reason: "as asked")
                }
            ) { _ in
                _ = try await bench.coordinator.submit(TaskSubmission(id: "a", payload: .null))
                for await _ in began { break }
                try await bench.coordinator.cancel("a", reason: "not needed")
                _ = try await bench.coordinator.outcome(of: "a", within: .seconds(60))
            }
        }
        #expect(reasons.withLock { $0 } == ["not needed"])
    }

    @Test(arguments: [true, false])
    func aHandlerThatIgnoresItsStopLosesItsTask(isCancelled: Bool) async throws {
        let (began, signal) = AsyncStream.makeStream(of: Void.self)
        let release = Gate()
        let record = try await TaskBench.run { bench in
            try await bench.withWorker(
                "one", stopGrace: .milliseconds(100),
                handler: { _, _ in
                    signal.yield()
                    // Not cancelled with the handler, as if it blocked.
                    _ = await Task { try? await release.pass() }.value
                    return .completed(TaskResult("too late"))
                }
            ) { _ in
                _ = try await bench.coordinator.submit(
                    TaskSubmission(id: "a", payload: .null, timeLimit: isCancelled ? nil : .milliseconds(200)))
                for await _ in began { break }
                if isCancelled { try await bench.coordinator.cancel("a", reason: "not needed") }
                let record = try await bench.coordinator.outcome(of: "a", within: .seconds(60))
                release.open()
                return record
            }
        }
        let failure = TaskFailure("The task ran into its time limit of 0.2 s and was stopped.")
        #expect(record?.status.outcome == (isCancelled ? .cancelled(reason: "not needed") : .failed(failure)))
    }

    @Test func aNodeIsDrainedByNameOrByTheBeginningOfItsID() async throws {
        try await Node.with(Self.settings("one")) { one in
            let seed = try #require(await one.members().first?.record.control)
            let drained = Expectation<Void>("the drain of one")
            one.onDrain { drained.fulfil(()) }
            try await Node.with(Self.settings("two", seeds: [seed])) { two in
                try await Node.with(Self.settings("two", seeds: [seed])) { other in
                    let member = try await other.member(named: "one")
                    #expect(member.record.id == one.id)
                    #expect(try await other.member(named: String(one.id.description.prefix(16))).record.id == one.id)
                    try await other.drain(member.record.id)
                    _ = try await drained.value(within: .seconds(30))
                    let unknown = await #expect(throws: NodeError.self) { try await other.member(named: "three") }
                    #expect(unknown?.code == .noMember)
                    #expect(unknown?.message.contains("one (\(one.id.description.prefix(8)))") == true)
                    let ambiguous = await #expect(throws: NodeError.self) { try await one.member(named: "two") }
                    #expect(ambiguous?.code == .ambiguous)
                    #expect(ambiguous?.message.contains(String(two.id.description.prefix(8))) == true)
                    #expect(ambiguous?.message.contains(String(other.id.description.prefix(8))) == true)
                    let refusal = await #expect(throws: NodeError.self) { try await one.drain(two.id) }
                    #expect(refusal?.message.contains("SIGTERM") == true)
                }
            }
        }
    }

    @Test func eventsStopsWhenItIsDrained() async throws {
        let events = Events(configuration: .embedded(platform: nil), bus: EventBus()) {
            OnTask(agentless) { (input: String, _) in input }
        }
        try await events.start()
        let node = try events.node
        try await Node.with(Self.settings("other", seeds: [try events.endpoint])) { other in
            try await other.drain(node.id)
            try await events.waitUntilEnded()
        }
        await events.stop()
    }
}

private let agentless: TaskName<String, String> = "echo"
