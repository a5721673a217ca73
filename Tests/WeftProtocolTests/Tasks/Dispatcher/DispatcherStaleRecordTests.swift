// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import WeftBus

@testable import WeftProtocol

/// The ledger was asked, and the task has moved on before its answer was used.
struct DispatcherStaleRecordTests {
    /// A platform task that has just ended without a result, and its record.
    private static func ended() throws -> (DispatcherScene, TaskRecord) {
        var scene = DispatcherScene(agents: ["agent"])
        scene.accept("a", source: .platform, agentID: "agent")
        scene.note(scene.dispatcher.cancel("a", reason: "by hand", at: scene.now))
        return (scene, try #require(scene.ledger["a"]))
    }

    @Test func aTaskIsNotQueuedTwiceForTheSameEnd() throws {
        var (scene, record) = try Self.ended()
        scene.note(scene.dispatcher.requeue(record, at: scene.now))
        scene.note(scene.dispatcher.cancel("a", reason: "again", at: scene.now))
        #expect(scene.ledger["a"]?.status.requeues == 1)
        // Looked up before the first requeue.
        scene.note(scene.dispatcher.requeue(record, at: scene.now))
        #expect(scene.ledger["a"]?.status.state == .cancelled)
        #expect(scene.dispatcher.counters.requeued == 1)
        let current = try #require(scene.ledger["a"])
        scene.note(scene.dispatcher.requeue(current, at: scene.now))
        #expect(scene.ledger["a"]?.status.requeues == 2)
    }

    @Test func aFormerEndIsNotReportedAfterTheLatest() throws {
        var (scene, record) = try Self.ended()
        scene.note(scene.dispatcher.requeue(record, at: scene.now))
        scene.note(scene.dispatcher.cancel("a", reason: "again", at: scene.now))
        #expect(scene.reports.map(\.id) == ["a/final/1"])
        // The platform delivers it again; the record was looked up before the requeue.
        scene.accept("a", source: .platform, agentID: "agent", stored: record)
        #expect(scene.reports.isEmpty)
    }
}
