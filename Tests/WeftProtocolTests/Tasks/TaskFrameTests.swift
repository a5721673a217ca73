// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import WeftBus
import WeftValue

@testable import WeftProtocol

struct TaskFrameTests {
    private static let worker = NodeID(bytes: [UInt8](1...16)) ?? .random()
    private static let epoch = TaskEpoch(ledgerID: "ledger", counter: 5)
    private static let reference = TaskReference(id: "a", attempt: 2, epoch: Self.epoch)

    static let toWorker: [CoordinatorMessage] = [
        .welcome(
            WorkerWelcome(
                epoch: Self.epoch, lease: .seconds(15), heartbeat: .milliseconds(1500), kept: [Self.reference])),
        .dispatch([
            TaskRequest(
                id: "a", attempt: 2, source: .platform, agentID: "x", queue: "mail", name: "n",
                payload: ["k": [1, .null]],
                deadline: Date(timeIntervalSince1970: 1_800_000_000.25), traceParent: "00-ab-cd-01"),
            TaskRequest(id: "b", source: .submit, payload: .null),
        ]),
        .ping(number: .max, heard: 3), .acknowledged([Self.reference]), .superseded([Self.reference]),
        .cancel(Self.reference, reason: "why not"), .drain,
    ]

    static let toCoordinator: [WorkerMessage] = [
        .register(
            WorkerRegistration(
                name: "w", slots: 4, agents: ["x"], queues: ["mail"], endpoint: "tcp://h:1", session: 9,
                isDraining: true, held: [Self.reference])),
        .heartbeat(WorkerHeartbeat(sequence: 4, ping: 3, held: [Self.reference])), .started([Self.reference]),
        .progress(Self.reference, ["percent": 40]),
        .result(
            Self.reference,
            .completed(TaskResult("r", status: "failed", tokens: ["prompt_tokens": 1], usedTools: ["t"]))),
        .result(Self.reference, .failed(TaskFailure("f", retry: .at(Date(timeIntervalSince1970: 1_800_000_000))))),
        .result(Self.reference, .failed(TaskFailure("f", retry: .at(nil)))),
        .result(Self.reference, .failed(TaskFailure("f", retry: .never))),
        .result(Self.reference, .cancelled(reason: "c")),
        .results([
            TaskEnding(Self.reference, .completed(TaskResult(["n": 1]))),
            TaskEnding(Self.reference, .completed(TaskResult("r", status: "failed", usedTools: ["t"]))),
            TaskEnding(
                TaskReference(id: "b", attempt: 1, epoch: TaskEpoch(ledgerID: "other", counter: 6)),
                .failed(TaskFailure("f", retry: .never))),
        ]),
        .draining(returned: [Self.reference]),
        .goodbye(returned: []),
    ]

    @Test(arguments: Self.toWorker)
    func whatACoordinatorSaysIsReadAsItWasSaid(message: CoordinatorMessage) throws {
        let bytes = TaskFrame.encode(message, to: Self.worker, epoch: Self.epoch)
        let read = try TaskFrame.decodeCoordinatorMessage(bytes[...])
        #expect(read.message == message)
        #expect(read.worker == Self.worker)
        #expect(read.epoch == Self.epoch)
    }

    @Test(arguments: Self.toCoordinator)
    func whatAWorkerSaysIsReadAsItWasSaid(message: WorkerMessage) throws {
        let bytes = TaskFrame.encode(message, from: Self.worker)
        let read = try TaskFrame.decodeWorkerMessage(bytes[...])
        #expect(read.message == message)
        #expect(read.worker == Self.worker)
    }

    @Test func aCutOffFrameIsAnErrorAndNeverMore() {
        for message in Self.toCoordinator {
            let bytes = TaskFrame.encode(message, from: Self.worker)
            for length in 0..<bytes.count {
                #expect(throws: TaskPlaneError.self) { try TaskFrame.decodeWorkerMessage(bytes.prefix(length)) }
            }
        }
    }

    @Test func changedBytesNeverTrap() {
        var random = SplitMix64(seed: 5)
        var errors = 0
        for message in Self.toCoordinator {
            for _ in 0..<500 {
                var bytes = TaskFrame.encode(message, from: Self.worker)
                let index = Int.random(in: 0..<bytes.count, using: &random)
                bytes[index] = UInt8.random(in: 0...255, using: &random)
                do { _ = try TaskFrame.decodeWorkerMessage(bytes[...]) } catch { errors += 1 }
            }
        }
        #expect(errors > 1000)
    }

    @Test func strangersFramesAreToldApart() {
        func code(_ bytes: [UInt8]) -> TaskPlaneError.Code? {
            do {
                _ = try TaskFrame.decodeWorkerMessage(bytes[...])
                return nil
            } catch {
                return error.code
            }
        }
        #expect(code(Array("hello".utf8)) == .notWeft)
        #expect(code([0x57, 0x46, 9, 0x60, 0x80]) == .version)
        #expect(code([0x57, 0x46, 1, 0xEE, 0x80]) == .unknownKind)
        #expect(code([0x57, 0x46, 1, 0x62, 0xC1]) == .malformed)
        #expect(code([0x57, 0x46, 1, 0x62, 0x90]) == .malformed)
        #expect(code([0x57, 0x46, 1, 0x60, 0x80]) == .missing)
    }

    @Test func thePingIsTheseBytes() {
        let bytes = TaskFrame.encode(.drain, to: Self.worker, epoch: Self.epoch)
        #expect(Array(bytes.prefix(5)) == [0x57, 0x46, 0x01, 0x46, 0x82])
    }

    @Test func slotsOutOfRangeAreRefused() {
        let message = WorkerMessage.register(WorkerRegistration(name: "w", slots: 0, endpoint: "tcp://h:1"))
        let error = #expect(throws: TaskPlaneError.self) {
            try TaskFrame.decodeWorkerMessage(TaskFrame.encode(message, from: Self.worker)[...])
        }
        #expect(error?.code == .outOfRange)
    }
}
