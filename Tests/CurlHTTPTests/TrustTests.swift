// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import CurlHTTP
import Foundation
import Testing

/// Against `openssl s_server` with a certificate of its own making; skipped where there is no openssl.
@Suite(
    .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl"), "needs /usr/bin/openssl"),
    .timeLimit(.minutes(3)))
struct TrustTests {
    private static func openssl(_ arguments: [String], in folder: URL, onExit: Signal) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = arguments
        process.currentDirectoryURL = folder
        process.standardInput = Pipe()
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        process.terminationHandler = { _ in onExit.set() }
        try process.run()
        return process
    }

    @Test func aCertificateOfUnknownIssueIsRefusedUntilItIsNamed() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("weft-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let made = Signal()
        let maker = try Self.openssl(
            [
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-days", "2",
                "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
            ], in: folder, onExit: made)
        await made.wait()
        try #require(maker.terminationStatus == 0)

        // A port that was free a moment ago.
        let placeholder = try TestServer { _ in }
        await placeholder.stop()
        let port = placeholder.port
        let server = try Self.openssl(
            ["s_server", "-accept", "127.0.0.1:\(port)", "-cert", "cert.pem", "-key", "key.pem", "-www"],
            in: folder, onExit: Signal())
        defer { server.terminate() }

        let strict = HTTPClient()
        let request = HTTPRequest(url: "https://localhost:\(port)/", headers: ["x-api-key": "secret"])
        var refusal = await failure(of: request, on: strict)
        // Until it listens; the suite's time limit is the deadline.
        while refusal.code == .cannotConnect, server.isRunning {
            refusal = await failure(of: request, on: strict)
        }
        #expect(refusal.code == .untrusted)
        #expect(refusal.message.contains("certificateAuthorityFile"))
        await strict.shutdown()

        let trusting = HTTPClient(
            configuration: .init(certificateAuthorityFile: folder.appendingPathComponent("cert.pem").path))
        #expect(try await trusting.send(request).status == 200)
        // The certificate is for another name than this address.
        let other = await failure(of: HTTPRequest(url: "https://127.0.0.1:\(port)/"), on: trusting)
        #expect(other.code == .untrusted)
        let plain = await failure(of: HTTPRequest(url: "http://localhost:\(port)/"), on: trusting)
        #expect(plain.code == .connectionLost || plain.code == .malformedResponse)
        await trusting.shutdown()

        let blind = HTTPClient(configuration: .init(certificateAuthorityFile: "/no/such/file.pem"))
        #expect(await failure(of: request, on: blind).code == .untrusted)
        await blind.shutdown()
    }

    @Test func aServerWithoutTLSIsSaid() async throws {
        try await withServer { connection in
            connection.send("HTTP/1.1 400 Bad Request\r\n\r\n")
        } _: { server, client async throws in
            let url = "https://127.0.0.1:\(server.port)/"
            let error = await failure(of: HTTPRequest(url: url), on: client)
            #expect(error.code == .tlsFailed, "\(error)")
        }
    }
}
