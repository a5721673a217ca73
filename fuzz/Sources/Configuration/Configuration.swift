// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FuzzKit
import WeftBus
import WeftProtocol
import WeftValue
import ZeroMQ

@testable import Weft
@testable import WeftCLI
@testable import WeftPlatform

/// What people write to set Weft up.
///
/// The first byte says for which of its readers an input is.
@main
enum Configuration: FuzzTarget {
    private enum Kind: UInt8, CaseIterable {
        case coordinatorFile, trustEntry, keyFile, endpoint, environment, span, name, address
    }

    static func check(_ bytes: [UInt8]) {
        var source = ByteSource(bytes)
        let kind = Kind.allCases[source.below(Kind.allCases.count)]
        let rest = source.remainder()
        let text = String(decoding: rest, as: UTF8.self)
        switch kind {
        case .coordinatorFile: Self.checkFile(rest)
        case .trustEntry: Self.checkTrust(rest)
        case .keyFile: Self.checkKey(rest)
        case .endpoint: Self.checkEndpoint(text)
        case .environment: Self.checkEnvironment(text)
        case .span: Self.checkSpan(text)
        case .name: Self.checkName(text)
        case .address: Self.checkAddress(text)
        }
    }

    static func seeds(_ examples: Examples) throws -> [[UInt8]] {
        let documents = try examples.json(in: "docs/configuration.md") + examples.json(in: "docs/dispatching.md")
        let key = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
        let entry = TrustEntry(
            name: "node", roles: [.worker, .coordinator],
            keys: [TrustedKey(key), TrustedKey(key, until: Date(timeIntervalSince1970: 1_800_000_000.25))])
        let keyFile = KeyFile(name: "node", pair: try CurveKeyPair()).json
        let environment = """
            XPANDER_API_KEY=k
            XPANDER_ORGANIZATION_ID=o
            XPANDER_AGENT_ID=a
            XPANDER_BASE_URL=http://[::1]:9016/agent-controller/
            IS_STG=true
            IS_XPANDER_CLOUD=true
            """
        let texts: [(Kind, [String])] = [
            (.trustEntry, [entry.json]), (.keyFile, [keyFile]),
            (.endpoint, ["tcp://127.0.0.1:7400", "tcp://[::1]:*", "ipc:///tmp/a", "inproc://b", "tcp://*:0"]),
            (.environment, [environment, "XPANDER_API_KEY=k\nXPANDER_BASE_URL="]),
            (.span, ["500ms", "15s", "2.5h", "7d", "10", "2026-01-31T23:59:59.000001Z", "2026-01-31T23:59:60+02:00"]),
            (.name, ["order:created", "order:*", "*", "weft:gap", "error"]),
            (.address, ["https://user@inbound.xpander.ai:443/a/b?c#d", "localhost:8085"]),
        ]
        return documents.map { [Kind.coordinatorFile.rawValue] + $0 }
            + texts.flatMap { kind, texts in texts.map { [kind.rawValue] + Array($0.utf8) } }
    }

    private static func checkFile(_ bytes: [UInt8]) {
        do throws(CommandFailure) {
            let file = try CoordinatorFile(text: bytes, of: "file")
            let settings = file.coordinator.dispatcher
            expect(settings.lease >= settings.heartbeat * 3, "a lease outlives heartbeats")
            expect(settings.maximumWorkers >= 1 && settings.maximumUnfinished >= 1, "there is room")
            expect(
                (Array(settings.queues.values) + [settings.defaultQueue]).allSatisfy {
                    $0.weight >= 1 && ($0.rate ?? 1) > 0
                }, "queues move")
            expect(file.ledger.keepFor ?? .seconds(1) >= .seconds(1), "what has ended is kept for a while")
        } catch {
            expect(error.status == .configuration && !error.message.isEmpty, "what is wrong is said")
            expect(Self.isPrintable(error.message), "and can be printed")
            // Each mistake is shown with its place and with what was expected there.
            expect(error.message.utf8.count <= 600 * (bytes.count + 1), "in proportion")
        }
    }

    private static func checkTrust(_ bytes: [UInt8]) {
        do throws(TrustError) {
            let entry = try TrustEntry(name: "node", json: bytes)
            expect((1...TrustEntry.maximumKeys).contains(entry.keys.count), "an entry has a few keys")
            let again = try TrustEntry(name: "node", json: Array(entry.json.utf8))
            expect(again.json == entry.json, "an entry comes back")
            for key in entry.keys { _ = try? CurvePublicKey(key.text) }
            _ = try? TrustList([entry]).valid(at: Date(timeIntervalSince1970: 0))
        } catch {
            expect(error.message.utf8.count < 500, "what is wrong is said in short")
        }
    }

    private static func checkKey(_ bytes: [UInt8]) {
        do throws(TrustError) {
            let file = try KeyFile(json: bytes)
            let again = try KeyFile(json: Array(file.json.utf8))
            expect(again.name == file.name && again.publicKey == file.publicKey, "a key comes back")
        } catch {
            expect(error.message.utf8.count < 500, "what is wrong is said in short")
            // It may be the secret, with a slip of the pen.
            if let secret = (try? Value(json: bytes))?["secret"]?.stringValue, secret.utf8.count > 20 {
                expect(!error.message.contains(secret), "a secret is not shown")
            }
        }
    }

    private static func checkEndpoint(_ text: String) {
        do throws(ZeroMQError) {
            let endpoint = try Endpoint(text)
            expect(try Endpoint(endpoint.description) == endpoint, "\(text) comes back")
            expect(endpoint.port != 0, "a port is a port")
            _ = (endpoint.isWildcard, endpoint.isLoopback, endpoint.withPort(1).description)
            if let moved = try? endpoint.withHost("::1") {
                expect(moved.port == endpoint.port, "another host, as it was")
            }
        } catch {
            expect(error.message.utf8.count < 1000, "what is wrong is said in short")
        }
    }

    /// Lines with a name and a value.
    private static func checkEnvironment(_ text: String) {
        var variables: [String: String] = [:]
        for line in text.split(separator: "\n", omittingEmptySubsequences: true) {
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            variables[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
        }
        do throws(PlatformError) {
            guard let settings = try PlatformConfiguration(variables: variables) else {
                return expect(
                    variables[PlatformConfiguration.Variable.apiKey]?.isEmpty != false, "a key is not ignored")
            }
            expect(!settings.agentIDs.isEmpty && !settings.organizationID.isEmpty, "nothing is missing")
            expect(URLParts(settings.baseURL) != nil, "the base address is one")
            let addresses = settings.addresses
            for address in [
                addresses.workerStream(agentID: settings.agentIDs[0], environment: settings.environment.rawValue),
                addresses.workerMessage(workerID: text, agentID: text), addresses.taskEvents(text),
                addresses.rest("agent-execution", text, query: [("a", text)]),
            ] {
                guard let parts = URLParts(address) else { return expect(false, "\(address) is an address") }
                expect(!parts.path.split(separator: "/").contains(".."), "an id leads nowhere else")
            }
            _ = settings.sendsKeyInClear
        } catch {
            expect(error.message.utf8.count < 1000, "what is wrong is said in short")
            if let key = variables[PlatformConfiguration.Variable.apiKey], key.utf8.count > 20 {
                expect(!error.message.contains(key), "the key is not shown")
            }
        }
    }

    private static func checkSpan(_ text: String) {
        if let span = DurationArgument(argument: text)?.duration {
            expect(span >= .zero && span <= DurationArgument.longest, "a span has its bounds")
            _ = span.brief
        }
        let now = Date(timeIntervalSince1970: 1_800_000_000)
        if let time = TimeArgument(argument: text) {
            _ = (time.date(from: now).age(at: now), time.date(before: now).age(at: now))
        }
        if let date = Date(rfc3339: text) {
            let written = date.rfc3339Microseconds
            expect(Date(rfc3339: written)?.rfc3339Microseconds == written, "\(text) comes back")
        }
    }

    private static func checkName(_ text: String) {
        if let name = try? EventName(validating: text) {
            expect(name.description == text, "a name is what was written")
            expect(EventPattern("*").matches(name) || !name.isMirrored, "everything matches")
        }
        if let pattern = try? EventPattern(validating: text) {
            expect((try? EventPattern(validating: pattern.description)) != nil, "a pattern comes back")
            _ = pattern.matches(EventName(text))
        }
        _ = try? TrustEntry.check(name: text)
        if let id = NodeID(text) { expect(id.description == text.lowercased(), "an id comes back") }
    }

    private static func checkAddress(_ text: String) {
        guard let parts = URLParts(text) else { return }
        expect(!parts.host.isEmpty && parts.port != 0, "an address has a host")
        expect(parts.path.isEmpty || parts.path.hasPrefix("/"), "a path is one")
        let again = URLParts("\(parts.scheme)://\(parts.authority)\(parts.path)")
        expect(
            again?.host == parts.host && again?.port == parts.port && again?.path == parts.path, "\(text) comes back")
    }

    /// Without control characters that could do something to a terminal.
    private static func isPrintable(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { $0 == "\n" || !($0.value < 0x20 || (0x7F..<0xA0).contains($0.value)) }
    }
}
