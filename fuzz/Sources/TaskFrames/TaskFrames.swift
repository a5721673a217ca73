// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FuzzKit
import WeftBus
import WeftProtocol
import WeftValue

/// A coordinator and what workers say to it, or a worker and what coordinators say to it: whatever it is, they go on.
///
/// The first bit of the input says which of them.
@main
enum TaskFrames: FuzzTarget {
    static func check(_ bytes: [UInt8]) {
        var source = ByteSource(bytes)
        if source.bool() {
            var worker = FuzzedWorker(&source)
            for _ in 0..<500 where !source.isEmpty { worker.step(&source) }
            worker.end()
        } else {
            var coordinator = FuzzedCoordinator(&source)
            for _ in 0..<500 where !source.isEmpty { coordinator.step(&source) }
            coordinator.end()
        }
    }

    static func seeds(_ examples: Examples) throws -> [[UInt8]] {
        let frames = try examples.golden("Tests/WeftProtocolTests/Tasks/GoldenTaskFrames.swift")
        var raw: [UInt8] = []
        var rawForWorker: [UInt8] = []
        for frame in frames {
            raw += [0, FuzzedCoordinator.Step.frame.rawValue] + ByteSource.block(frame)
            rawForWorker += [FuzzedWorker.Step.frame.rawValue] + ByteSource.block(frame)
        }
        let step = FuzzedCoordinator.Step.self
        // Two workers come, tasks are accepted, dealt, begun, ended; one worker is lost; the coordinator is restarted.
        let life: [UInt8] = [
            0, step.register.rawValue, 3, 0, 0, 1, 0, 0, 1, step.register.rawValue, 2, 0, 0, 1, 0, 0,
            0, step.accept.rawValue, 0, 0, 0, step.accept.rawValue, 1, 0xFF, 1, 2, 3, 4, 5, 6, 0,
            0, step.answer.rawValue, 0, 0, 0, 0, step.answer.rawValue, 0, 0, 1, 0, step.tick.rawValue, 4,
            1, step.closed.rawValue, 0, step.tick.rawValue, 40, 0, step.restart.rawValue, 0,
            0, step.register.rawValue, 3, 0, 0, 2, 0, 1, 0, 0, 0, step.tick.rawValue, 200,
        ]
        let work = FuzzedWorker.Step.self
        let running: [UInt8] = [
            work.found.rawValue, 1, work.welcome.rawValue, 1, 0, work.dispatch.rawValue, 1, 1, 1,
            work.dispatch.rawValue, 1, 2, 1, work.finished.rawValue, 0, 0, work.tick.rawValue, 20,
            work.cancel.rawValue, 1, 0, work.tick.rawValue, 200,
        ]
        var seeds: [[UInt8]] = (UInt8(0)..<4).map { [0, $0] + life + life }
        seeds.append([0, 0] + life + raw)
        seeds.append([1, 0] + running)
        seeds.append([1, 0] + running + rawForWorker + running)
        return seeds
    }
}
