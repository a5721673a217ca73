// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import WeftBus
import WeftValue

@testable import WeftProtocol

/// Whatever happens, in whatever order: no limit is passed, every count is true, and nothing waits that could be dealt.
struct DispatcherInvariantTests {
    private typealias Scene = DispatcherScene

    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func limitsHoldAndNothingWaitsThatCouldBeDealt(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let configure: (inout DispatcherConfiguration) -> Void = {
            $0.maximumRunning = Int(seed % 4 == 0 ? 5 : 100)
            $0.queues = [
                "q0": QueueConfiguration(weight: 3, maximumRunning: 3),
                "q1": QueueConfiguration(maximumRunningPerKey: 1),
                "q2": QueueConfiguration(maximumRunning: 4, maximumRunningPerKey: 2),
            ]
            $0.limitGrace = .seconds(2)
            $0.retry = RetryPolicy(handlerAttempts: 3, backoff: .milliseconds(300))
        }
        var scene = Scene(configure)
        var count = 0
        var sessions: UInt64 = 1
        for step in 0..<500 {
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<35:
                count += 1
                scene.submit(Self.task(count, at: scene.now.date, &random))
            case 35..<60:
                guard let (worker, reference) = Self.anyHeld(scene, &random) else { continue }
                let outcome: TaskOutcome =
                    switch Int.random(in: 0..<5, using: &random) {
                    case 0: .failed(TaskFailure("chance"))
                    case 1: .failed(TaskFailure("chance", retry: .never))
                    default: .completed(TaskResult(.null))
                    }
                scene.say(.result(reference, outcome), from: worker)
            case 60..<70:
                guard let (worker, reference) = Self.anyHeld(scene, &random) else { continue }
                scene.say(.started([reference]), from: worker)
            case 70..<78:
                guard let id = scene.dispatcher.entries.keys.sorted().randomElement(using: &random) else { continue }
                scene.note(scene.dispatcher.cancel(id, reason: "chance", at: scene.now))
            case 78..<84:
                sessions += 1
                let agents = [[], ["x"], ["y"]].randomElement(using: &random) ?? []
                let queues = [[], [], ["q1"], ["q0", "q3"]].randomElement(using: &random) ?? []
                let worker = Scene.node(UInt8.random(in: 1...5, using: &random))
                scene.register(
                    worker, slots: Int.random(in: 1...4, using: &random), agents: agents, queues: queues,
                    session: sessions, held: Bool.random(using: &random) ? Self.held(by: worker, in: scene) : [])
            case 84..<87:
                let worker = Scene.node(UInt8.random(in: 1...5, using: &random))
                scene.note(scene.dispatcher.lost(worker, reason: "chance", at: scene.now))
            case 87..<89:
                scene.say(.draining(returned: []), from: Scene.node(UInt8.random(in: 1...5, using: &random)))
            case 89..<92:
                guard
                    let record = scene.ledger.values.filter({ $0.status.state.isFinal })
                        .min(by: { $0.status.updatedAt < $1.status.updatedAt })
                else { continue }
                scene.note(scene.dispatcher.requeue(record, at: scene.now))
            case 92 where step % 5 == 0:
                scene = scene.restarted(after: .milliseconds(300), configure)
            default:
                let workers = scene.dispatcher.workers.keys.sorted()
                scene.live(.milliseconds(500), workers: workers)
            }
            try Self.check(scene.dispatcher, at: scene.now)
        }
        #expect(count > 100)
    }

    private static func task(_ number: Int, at date: Date, _ random: inout SplitMix64) -> TaskSubmission {
        TaskSubmission(
            id: "t\(number)", agentID: [nil, nil, "x", "y"].randomElement(using: &random) ?? nil,
            queue: "q\(Int.random(in: 0...3, using: &random))",
            key: [nil, "k1", "k2"].randomElement(using: &random) ?? nil, payload: .null,
            priority: Int.random(in: 0...2, using: &random),
            notBefore: Int.random(in: 0..<5, using: &random) == 0 ? date.addingTimeInterval(0.7) : nil,
            waitLimit: Int.random(in: 0..<5, using: &random) == 0 ? .seconds(3) : nil,
            timeLimit: Int.random(in: 0..<5, using: &random) == 0 ? .seconds(1) : nil,
            totalLimit: Int.random(in: 0..<5, using: &random) == 0 ? .seconds(6) : nil,
            after: number > 3 && Int.random(in: 0..<10, using: &random) == 0 ? ["t\(number - 1)"] : [])
    }

    private static func held(by worker: NodeID, in scene: DispatcherScene) -> [TaskReference] {
        scene.dispatcher.entries.values
            .filter { $0.status.worker == worker && $0.status.state.isHeld }
            .sorted { $0.order < $1.order }.map { scene.dispatcher.reference(to: $0) }
    }

    private static func anyHeld(_ scene: DispatcherScene, _ random: inout SplitMix64) -> (NodeID, TaskReference)? {
        guard let worker = scene.dispatcher.workers.keys.sorted().randomElement(using: &random),
            let reference = Self.held(by: worker, in: scene).randomElement(using: &random)
        else { return nil }
        return (worker, reference)
    }

    private static func check(_ dispatcher: Dispatcher, at now: Moment) throws {
        let configuration = dispatcher.configuration
        let held = dispatcher.entries.values.filter { $0.status.state.isHeld }
        try #require(dispatcher.heldCount == held.count)
        try #require(held.count <= configuration.maximumRunning ?? .max)
        try #require(dispatcher.load.tasks == dispatcher.entries.values.count { !$0.isPostponed })
        var running: [String: Int] = [:]
        var ofKey: [[String]: Int] = [:]
        for entry in held {
            running[entry.task.queue, default: 0] += 1
            if let key = entry.task.key { ofKey[[entry.task.queue, key], default: 0] += 1 }
        }
        for name in dispatcher.queues.keys {
            let queue = try #require(dispatcher.queues[name])
            let limits = configuration.queues[name] ?? configuration.defaultQueue
            try #require(queue.running == running[name] ?? 0)
            try #require(queue.running <= limits.maximumRunning ?? .max)
            let inLine = dispatcher.entries.values.count { $0.task.queue == name && $0.isInLine }
            try #require(queue.waiting == inLine, "\(name)")
        }
        for (names, count) in ofKey {
            try #require(count <= configuration.queues[names[0]]?.maximumRunningPerKey ?? .max)
        }
        guard held.count < configuration.maximumRunning ?? .max else { return }
        let open = dispatcher.workers.values.filter {
            !$0.isDraining && $0.held.count < $0.window
                && $0.isLive(at: now.monotonic, suspicion: configuration.suspicion)
        }
        for entry in dispatcher.entries.values where entry.isInLine {
            let limits = configuration.queues[entry.task.queue] ?? configuration.defaultQueue
            let isFree =
                running[entry.task.queue] ?? 0 < limits.maximumRunning ?? .max
                && entry.task.key.map { ofKey[[entry.task.queue, $0]] ?? 0 < limits.maximumRunningPerKey ?? .max }
                    ?? true
            let worker = open.first { $0.serves(queue: entry.task.queue) && $0.serves(agentID: entry.task.agentID) }
            try #require(!isFree || worker == nil, "\(entry.task.id) waits though \(worker?.name ?? "") could have it")
        }
    }
}
