// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Weft

struct HandlerSelectionTests {
    private func registry(
        agent: String? = nil, @EventsBuilder _ components: () -> [EventsComponent]
    ) throws -> HandlerRegistry {
        let registrations = Events.Registrations(components())
        return try HandlerRegistry(
            handlers: registrations.tasks, defaultAgentID: agent, syncWorkers: SyncWorkers(count: 2))
    }

    private func run(
        _ registry: HandlerRegistry, text: String = "x", agent: String? = nil, queue: String = "default",
        name: String? = nil, payload: Value? = nil, source: TaskRequest.Source = .platform
    ) async -> TaskOutcome {
        let request = TaskRequest(
            id: "t-1", source: source, agentID: agent, queue: queue, name: name,
            payload: payload ?? ["id": "t-1", "input": ["text": .string(text)]])
        return await registry.run(request, context: TaskContext(request: request))
    }

    @Test func firstHandlerWhoseConditionHoldsRuns() async throws {
        let registry = try self.registry {
            OnTask(options: TaskOptions { $0.input.text.hasPrefix("refund") }) { _ in "refunds" }
            OnTask(options: TaskOptions { $0.input.text.contains("refund") }) { _ in "second" }
            OnTask { _ in "rest" }
        }
        #expect(await self.run(registry, text: "refund 1") == .completed(TaskResult("refunds")))
        #expect(await self.run(registry, text: "a refund") == .completed(TaskResult("second")))
        #expect(await self.run(registry, text: "hello") == .completed(TaskResult("rest")))
    }

    @Test func handlersAreBoundToTheirAgents() async throws {
        let registry = try self.registry(agent: "a") {
            OnTask { _ in "default agent" }
            OnTask(options: .agent("b")) { _ in "agent b" }
        }
        #expect(registry.agentIDs == ["a", "b"])
        #expect(await self.run(registry, agent: "a") == .completed(TaskResult("default agent")))
        #expect(await self.run(registry, agent: "b") == .completed(TaskResult("agent b")))
        guard case .failed(let failure) = await self.run(registry, agent: "c") else {
            Issue.record("a task of an agent without a handler was run")
            return
        }
        #expect(failure.message.contains("'c'"))
    }

    @Test func handlerWithoutAnAgentTakesTasksOfAnyAgent() async throws {
        let registry = try self.registry { OnTask { task in task.agentID ?? "nobody" } }
        #expect(registry.agentIDs == [])
        #expect(await self.run(registry, agent: "x") == .completed(TaskResult("x")))
    }

    @Test func queueOfAHandlerNarrowsIt() async throws {
        let registry = try self.registry {
            OnTask(options: TaskOptions(queue: "slow")) { _ in "slow" }
            OnTask { _ in "any" }
        }
        #expect(await self.run(registry, queue: "slow") == .completed(TaskResult("slow")))
        #expect(await self.run(registry) == .completed(TaskResult("any")))
    }

    @Test func twoUnconditionalHandlersForOneAgentAreRefusedByName() throws {
        let error = try #require(throws: EventsError.self) {
            _ = try self.registry(agent: "agt_1") {
                OnTask { _ in "one" }
                OnTask(options: .agent("agt_1")) { _ in "two" }
            }
        }
        #expect(error.code == .duplicateHandler)
        #expect(error.message.contains("'agt_1'"))
        #expect(error.message.ranges(of: "HandlerSelectionTests.swift:").count == 2)
    }

    @Test func twoHandlersForOneTypedNameAreRefused() throws {
        let error = try #require(throws: EventsError.self) {
            _ = try self.registry {
                OnTask("text:count") { (text: String, _) in text.count }
                OnTask("text:count") { (text: String, _) in text.count }
            }
        }
        #expect(error.code == .duplicateHandler)
        #expect(error.message.contains("'text:count'"))
    }

    @Test func noHandlerAtAllIsRefused() throws {
        let error = try #require(throws: EventsError.self) { _ = try self.registry {} }
        #expect(error.code == .noHandlers)
    }

    @Test func typedTaskIsDecodedAndItsOutputStaysAValue() async throws {
        let registry = try self.registry {
            OnTask { _ in "untyped" }
            OnTask("text:count") { (text: String, _) in text.count }
        }
        let counted = await self.run(registry, name: "text:count", payload: "four", source: .submit)
        #expect(counted == .completed(TaskResult(4)))
        #expect(await self.run(registry) == .completed(TaskResult("untyped")))
    }

    @Test func programWithTypedHandlersOnlyIsDealtNoTasksOfAgents() throws {
        let typed = try self.registry(agent: "a") { OnTask("text:count") { (text: String, _) in text.count } }
        #expect(typed.agentIDs == ["weft:task:text:count"])
        let both = try self.registry(agent: "a") {
            OnTask("text:count") { (text: String, _) in text.count }
            OnTask { _ in "" }
        }
        #expect(both.agentIDs == ["a", "weft:task:text:count"])
    }

    @Test func typedTaskWithTheWrongInputFailsForGoodAndSaysWhy() async throws {
        let registry = try self.registry { OnTask("text:count") { (text: String, _) in text.count } }
        let outcome = await self.run(registry, name: "text:count", payload: ["a": 1], source: .submit)
        guard case .failed(let failure) = outcome else {
            Issue.record("it ran: \(outcome)")
            return
        }
        #expect(failure.retry == .never)
        #expect(failure.message.contains("text:count"))
        #expect(failure.message.contains("String"))
    }

    @Test(arguments: [
        ("plain words" as Value, "plain words"),
        (["input": ["text": "inside"]] as Value, "inside"),
        (["a": 1] as Value, #"{"a":1}"#),
    ])
    func submittedPayloadIsTheInputOfAnUntypedHandler(payload: Value, text: String) async throws {
        let registry = try self.registry { OnTask { task in "\(task.id): \(task.input.text)" } }
        let outcome = await self.run(registry, payload: payload, source: .submit)
        #expect(outcome == .completed(TaskResult(.string("t-1: \(text)"))))
    }

    @Test func unreadableTaskFailsInsteadOfReachingAHandler() async throws {
        let registry = try self.registry { OnTask { _ in "ran" } }
        guard case .failed(let failure) = await self.run(registry, payload: ["id": "t-1"]) else {
            Issue.record("it ran")
            return
        }
        #expect(failure.message.contains("input"))
    }

    @Test func registerAgentWorkerBindsItsHandlers() async throws {
        let events = Events(configuration: .embedded(platform: nil)) { OnTask { _ in "any" } }
        events.registerAgentWorker("agt_2") {
            OnTask { _ in "two" }
            OnTask(options: .agent("agt_3")) { _ in "three" }
        }
        let registrations = try events.beginStart()
        #expect(registrations.tasks.map(\.options.agentID) == [nil, "agt_2", "agt_3"])
    }
}
