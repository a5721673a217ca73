// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Logging
import WeftServer

/// The command `weft platform`.
struct PlatformCommand: AsyncParsableCommand {
    /// Whether something is wanted.
    enum Switch: String, ExpressibleByArgument, CaseIterable {
        case on
        case off
    }

    /// Where the stand-in listens when nothing else is said: beside the default ports of a coordinator.
    static let defaultListen = "127.0.0.1:7480"

    static let configuration = CommandConfiguration(
        commandName: "platform",
        abstract: "Stands in for the task platform on this machine.",
        discussion: """
            It speaks the platform's protocol with every client of it, and plain HTTP with you. It believes anyone, so it \
            belongs on a loopback address.

            Example:
              weft platform &
              curl -d '{"agent_id":"a-1","text":"hello"}' http://127.0.0.1:7480/tasks
              curl http://127.0.0.1:7480/tasks
            """)

    @Option(help: "Where to listen; port 0 takes a free one.")
    var listen = Self.defaultListen

    @Option(help: "Send unfinished tasks again when their worker's stream is lost.")
    var redeliver = Switch.off

    @OptionGroup var log: LogOptions
    @OptionGroup var lifetime: LifetimeOptions

    func run() async throws {
        let logger = try self.log.logger("weft.platform", default: .notice)
        let (host, port) = try Self.address(self.listen)
        let platform = StandInPlatform(
            configuration: .init(host: host, port: port, redelivers: self.redeliver == .on), logger: logger)
        self.lifetime.watch()
        do {
            try await CommandRun.services([platform], logger: logger) {
                let url = try await platform.address().url
                BoundedWriter.error.line(
                    """
                    weft platform: ready at \(url), redelivery \(self.redeliver.rawValue)
                      coordinators connect with XPANDER_BASE_URL=\(url) and any XPANDER_API_KEY, XPANDER_ORGANIZATION_ID and \
                    XPANDER_AGENT_ID
                      hand it a task: curl -d '{"text":"hello"}' \(url)/tasks
                    """)
            }
        } catch let error as StandInError {
            throw CommandFailure(.configuration, error.message)
        }
    }

    /// Reads `HOST:PORT`, `PORT` or `[HOST]:PORT`.
    static func address(_ text: String) throws(CommandFailure) -> (host: String, port: Int) {
        let colon = text.lastIndex(of: ":")
        var host = colon.map { String(text[..<$0]) } ?? "127.0.0.1"
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        let number = colon.map { text[text.index(after: $0)...] } ?? text[...]
        guard let port = UInt16(number), !host.isEmpty else {
            throw CommandFailure(
                .usage, "--listen takes HOST:PORT, such as 127.0.0.1:7480, and not \(Terminal.safe(text))")
        }
        return (host, Int(port))
    }
}
