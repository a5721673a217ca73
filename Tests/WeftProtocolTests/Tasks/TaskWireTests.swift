// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import WeftProtocol

struct TaskWireTests {
    @Test(arguments: GoldenTaskFrames.toWorker.indices)
    func whatACoordinatorSaysHasItsGoldenFrame(index: Int) throws {
        let (name, message, hex) = GoldenTaskFrames.toWorker[index]
        let bytes = TaskFrame.encode(message, to: GoldenTaskFrames.worker, epoch: GoldenTaskFrames.epoch)
        #expect(GoldenFrames.hex(bytes) == hex, "\(name)")
        let read = try TaskFrame.decodeCoordinatorMessage(GoldenFrames.bytes(hex)[...])
        #expect(read.message == message)
        #expect(read.worker == GoldenTaskFrames.worker)
        #expect(read.epoch == GoldenTaskFrames.epoch)
    }

    @Test(arguments: GoldenTaskFrames.toCoordinator.indices)
    func whatAWorkerSaysHasItsGoldenFrame(index: Int) throws {
        let (name, message, hex) = GoldenTaskFrames.toCoordinator[index]
        #expect(GoldenFrames.hex(TaskFrame.encode(message, from: GoldenTaskFrames.worker)) == hex, "\(name)")
        let read = try TaskFrame.decodeWorkerMessage(GoldenFrames.bytes(hex)[...])
        #expect(read.message == message)
        #expect(read.worker == GoldenTaskFrames.worker)
    }

    @Test func theDocumentShowsEveryGoldenFrameUnderItsName() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..")
        let text = try String(contentsOf: root.appending(path: "docs/wire-tasks.md"), encoding: .utf8)
        let squeezed = text.filter { !$0.isWhitespace }
        for (name, hex) in GoldenTaskFrames.all {
            #expect(squeezed.contains(name.filter { !$0.isWhitespace } + hex), "the frame of \(name) is not shown")
        }
    }

    @Test func everyTruncationIsAnErrorAndNoTrap() {
        for (name, hex) in GoldenTaskFrames.all {
            let frame = GoldenFrames.bytes(hex)
            let cuts = frame.indices.map { frame.prefix($0) } + [(frame + [0])[...]]
            for cut in cuts {
                #expect(throws: TaskPlaneError.self, "\(name) with \(cut.count) bytes") {
                    try TaskFrame.decodeCoordinatorMessage(cut)
                }
                #expect(throws: TaskPlaneError.self, "\(name) with \(cut.count) bytes") {
                    try TaskFrame.decodeWorkerMessage(cut)
                }
            }
        }
    }

    @Test func aFrameThatGoesTheWrongWayIsAnError() {
        for (name, _, hex) in GoldenTaskFrames.toWorker {
            #expect(throws: TaskPlaneError.self, "\(name)") {
                try TaskFrame.decodeWorkerMessage(GoldenFrames.bytes(hex)[...])
            }
        }
        for (name, _, hex) in GoldenTaskFrames.toCoordinator {
            #expect(throws: TaskPlaneError.self, "\(name)") {
                try TaskFrame.decodeCoordinatorMessage(GoldenFrames.bytes(hex)[...])
            }
        }
    }
}
