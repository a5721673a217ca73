// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CurlHTTP
import ServerSentEvents
import WeftValue

/// `weft bench sse`: reads Server-Sent Events from a local server that sends as quickly as they are taken.
struct BenchSSE: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sse", abstract: "Read so many Server-Sent Events.", shouldDisplay: false)

    @OptionGroup var options: BenchOptions
    @Option var port: Int
    @Option var events = 1_000_000

    func run() async throws {
        self.options.watch()
        let perSecond = try await Self.read("http://127.0.0.1:\(self.port)/", events: self.events)
        self.options.show(
            BenchReport(
                bench: "sse", settings: ["events": .int(Int64(self.events))],
                rows: [BenchRow(name: "events parsed", perSecond: perSecond, baselineName: "none")]))
    }

    @concurrent private static func read(_ url: String, events: Int) async throws -> Double {
        let client = HTTPClient()
        let source = client.eventSource(.init(url: url))
        var count = 0
        var bytes = 0
        var first: UInt64 = 0
        var last: UInt64 = 0
        for await element in source {
            switch element {
            case .event(let event):
                // The server numbers them.
                guard event.id == String(count) else {
                    throw CommandFailure(.failed, "event \(event.id) came where \(count) was due")
                }
                bytes += event.data.utf8.count
                count += 1
                if count == 1 { first = BenchClock.now }
                if count == events { last = BenchClock.now }
            case .opened: continue
            default: throw CommandFailure(.failed, "the stream ended after \(count) events: \(element)")
            }
            if count == events { break }
        }
        source.cancel()
        await client.shutdown()
        guard last > first else { throw CommandFailure(.failed, "only \(count) of \(events) events came") }
        return Double(count - 1) / (Double(last - first) / 1e9)
    }
}
