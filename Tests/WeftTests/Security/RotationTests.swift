// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import Weft
import WeftProtocol
import WeftTestKit

@Suite(.timeLimit(.minutes(2)))
struct RotationTests {
    @Test func aNodeTakesANewKeyWhileEventsPassAndTheOldOneEndsAtItsTime() async throws {
        try await SecureMesh.with { mesh in
            for name in ["boss", "alice"] { try mesh.makeKey(name) }
            let boss = try mesh.node("boss")
            try await boss.start()
            let alice = try mesh.node("alice", joining: [boss])
            try await alice.start()
            try await TestMesh.stopping([alice, boss]) {
                let (toBoss, toAlice) = (Collector<Int>("an event at boss"), Collector<Int>("an event at alice"))
                boss.bus.on("up") { (number: Int) in toBoss.append(number) }
                alice.bus.on("down") { (number: Int) in toAlice.append(number) }
                // The new key, and a public file that names both.
                let next = mesh.directory + "/next"
                try FileManager.default.createDirectory(atPath: next, withIntermediateDirectories: true)
                let oldEntry = try TrustDirectory.entry(at: mesh.trust + "/alice.pub")
                let former = oldEntry.keys.map { TrustedKey($0.text, until: Date().addingTimeInterval(3_600)) }
                let made = try KeyFile.make(name: "alice", roles: [], in: next, former: former)
                let oldKey = mesh.directory + "/old.key"
                try FileManager.default.copyItem(atPath: mesh.path(of: "alice"), toPath: oldKey)
                try Self.replace(mesh.trust + "/alice.pub", by: made.publicPath)
                for name in ["boss", "alice"] {
                    _ = try await mesh.logged.first { $0.hasPrefix("\(name): The trust directory has changed") }
                }
                try Self.replace(mesh.path(of: "alice"), by: made.keyPath)
                var number = 0
                var hasRotated = false
                while !hasRotated {
                    number += 1
                    await alice.bus.emit("up", number)
                    await boss.bus.emit("down", number)
                    let record = await boss.members().first { $0.record.id == alice.id }?.record
                    hasRotated = record?.key == made.key.publicKey && number >= 500
                    await Task.yield()
                }
                // Both have all of it, over whichever connection.
                #expect(try await toBoss.prefix(number) == Array(1...number))
                #expect(try await toAlice.prefix(number) == Array(1...number))
                // The old key is good for joining until its time has come, and then for nothing.
                let early = try mesh.node("alice", keyFile: oldKey, joining: [boss])
                try await early.start()
                await early.stop()
                let ending = TrustEntry(
                    name: "alice",
                    keys: [
                        TrustedKey(made.key.publicKey),
                        TrustedKey(former[0].text, until: Date().addingTimeInterval(1)),
                    ])
                try Data(ending.json.utf8).write(to: URL(filePath: next + "/alice.pub"))
                try Self.replace(mesh.trust + "/alice.pub", by: next + "/alice.pub")
                while await boss.status().counters.security?.rebinds != 1 { await Task.yield() }
                let late = try mesh.node("alice", keyFile: oldKey, joining: [boss])
                await #expect {
                    try await late.start()
                } throws: {
                    ($0 as? NodeError)?.mesh?.code == .rejected
                }
                // And the new one still is.
                number += 1
                await alice.bus.emit("up", number)
                #expect(try await toBoss.prefix(number).last == number)
            }
        }
    }

    private static func replace(_ path: String, by other: String) throws {
        // As `mv` does: whole, at once.
        guard rename(other, path) == 0 else { throw TrustError(.unreadable, "\(path) cannot be replaced") }
    }
}
