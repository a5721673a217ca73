// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FuzzKit
import WeftBus
import WeftProtocol
import WeftValue

/// One node of a mesh and what others, members and strangers, say to it: whatever they say, it goes on, and its bounds hold.
@main
enum MeshFrames: FuzzTarget {
    static func check(_ bytes: [UInt8]) {
        var source = ByteSource(bytes)
        var node = FuzzedNode(&source)
        var steps = 0
        while !source.isEmpty, steps < 500 {
            node.step(&source)
            steps += 1
        }
        node.end()
    }

    static func seeds(_ examples: Examples) throws -> [[UInt8]] {
        var raw: [UInt8] = []
        for frame in try examples.golden("Tests/WeftProtocolTests/Wire/GoldenFrames.swift") {
            raw += [FuzzedNode.Step.frame.rawValue, 1, 0] + ByteSource.block(frame)
        }
        // Somebody comes in and emits, another follows; time passes; somebody goes silent, and leaves.
        let step = FuzzedNode.Step.self
        let join: [UInt8] = [step.join.rawValue, 1, 0, step.join.rawValue, 2, 5]
        let events: [UInt8] = [
            step.batch.rawValue, 1, 1, 2, step.batch.rawValue, 1, 9, 1, step.time.rawValue, 20, step.publish.rawValue,
            1,
        ]
        var life = join + events
        for _ in 0..<6 { life += [step.control.rawValue, 1, 0, 4, 0xE2, 0, step.tick.rawValue, 4] }
        for kind in UInt8(0)..<18 { life += [step.control.rawValue, 1, 0, kind, 1, 2, 3, 4, 5, 6] }
        let flags: [UInt8] = [0, 1, 2, 4, 8, 15]
        return flags.map { [$0] + life } + [[0] + join + raw]
    }
}
