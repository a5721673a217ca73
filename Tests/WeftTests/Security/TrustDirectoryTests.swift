// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import Weft
import WeftProtocol

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Whatever may lie in a trust directory, or in the place of a key.
@Suite(.timeLimit(.minutes(1)))
struct TrustDirectoryTests {
    @Test func whatIsNoFileOfAKeyIsNamedAndDoesNotHang() async throws {
        try await SecureMesh.with { mesh in
            try mesh.makeKey("alice")
            var directory = TrustDirectory(path: mesh.trust)
            _ = try directory.read()
            let files = FileManager.default
            #expect(mkfifo(mesh.trust + "/pipe.pub", 0o644) == 0)
            try files.createDirectory(atPath: mesh.trust + "/folder.pub", withIntermediateDirectories: true)
            try files.createSymbolicLink(atPath: mesh.trust + "/zero.pub", withDestinationPath: "/dev/zero")
            try files.createSymbolicLink(atPath: mesh.trust + "/nowhere.pub", withDestinationPath: "/nowhere")
            try Data(repeating: 0x7B, count: 3_000_000).write(to: URL(filePath: mesh.trust + "/huge.pub"))
            try Data((0..<4_000).map { UInt8(truncatingIfNeeded: $0 &* 7) })
                .write(to: URL(filePath: mesh.trust + "/junk.pub"))
            try mesh.makeKey("open")
            #expect(chmod(mesh.trust + "/open.pub", 0o666) == 0)
            let list = try directory.read()
            #expect(Set(list.entries.keys) == ["alice"])
            #expect(
                Set(directory.problems.keys) == [
                    "pipe.pub", "folder.pub", "zero.pub", "huge.pub", "junk.pub", "open.pub",
                ])
            // Somebody else's name for alice's key: she keeps it.
            try files.copyItem(atPath: mesh.trust + "/alice.pub", toPath: mesh.trust + "/aaron.pub")
            #expect(Set(try directory.read().entries.keys) == ["alice"])
            #expect(directory.problems["aaron.pub"]?.code == .duplicate)
        }
    }

    @Test func aDirectoryThatCannotBeUsedThrowsNobodyOut() async throws {
        try await SecureMesh.with { mesh in
            try mesh.makeKey("alice")
            var directory = TrustDirectory(path: mesh.trust)
            _ = try directory.read()
            #expect(chmod(mesh.trust, 0o777) == 0)
            #expect(throws: TrustError.self) { try directory.read() }
            #expect(directory.problems[""]?.code == .permissions)
            #expect(chmod(mesh.trust, 0o755) == 0)
            #expect(try directory.read().entries.count == 1)
            #expect(directory.problems.isEmpty)
            try FileManager.default.moveItem(atPath: mesh.trust, toPath: mesh.directory + "/away")
            try Data().write(to: URL(filePath: mesh.trust))
            #expect(throws: TrustError.self) { try directory.read() }
        }
    }

    @Test func tooManyFilesAreSaidAndTheFirstOnesCount() async throws {
        try await SecureMesh.with { mesh in
            try mesh.makeKey("alice")
            var directory = TrustDirectory(path: mesh.trust)
            let junk = Data("{}".utf8)
            for number in 0..<TrustDirectory.maximumEntries {
                try junk.write(to: URL(filePath: "\(mesh.trust)/n-\(number).pub"))
            }
            #expect(try directory.read().entries.count == 1)
            #expect(directory.problems[""]?.message.contains("has 1025 files") == true)
        }
    }

    @Test func aKeyThatIsNoFileIsRefusedAtOnce() async throws {
        try await SecureMesh.with { mesh in
            let pipe = mesh.directory + "/pipe.key"
            #expect(mkfifo(pipe, 0o600) == 0)
            for path in [pipe, mesh.directory, "/dev/zero", mesh.directory + "/nothing.key"] {
                let error = #expect(throws: TrustError.self) { try KeyFile.read(path) }
                #expect(error?.message.contains(path) == true)
            }
        }
    }
}
