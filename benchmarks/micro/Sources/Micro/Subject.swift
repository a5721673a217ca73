// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ServerSentEvents
import WeftBus
import WeftValue

/// What can be measured alone, without a network and on one thread.
enum Subject: String, CaseIterable {
    /// An emit with a typed key to one listener, history on.
    case emit
    /// The same, to a listener of a pattern.
    case emitPattern = "emit-pattern"
    /// A struct of six fields written as MessagePack.
    case encode
    /// … and read.
    case decode
    /// An event of 256 bytes out of a stream of them.
    case parse

    /// Does it so often.
    ///
    /// - Parameters:
    ///   - count: How often.
    ///   - waste: How many arrays each time makes besides, to see that somebody notices.
    func run(_ count: Int, waste: Int) throws {
        let wasted = Wasted(waste)
        switch self {
        case .emit:
            let bus = EventBus()
            bus.on("user:login") { (_: String, _: Int) in wasted.more() }
            let key: EventKey<String, Int> = "user:login"
            for _ in 0..<count { bus.emitSync(key, "john_doe", 1) }
        case .emitPattern:
            let bus = EventBus()
            bus.on(matching: "user:*") { (_: EventRecord) in wasted.more() }
            let key: EventKey<String, Int> = "user:login"
            for _ in 0..<count { bus.emitSync(key, "john_doe", 1) }
        case .encode:
            for _ in 0..<count {
                guard try MessagePack.encode(Order.sample).count > 50 else { throw Mistake.encoding }
                wasted.more()
            }
        case .decode:
            let bytes = try MessagePack.encode(Order.sample)
            for _ in 0..<count {
                guard try MessagePack.decode(Order.self, from: bytes).quantity == 3 else { throw Mistake.decoding }
                wasted.more()
            }
        case .parse:
            let event = [UInt8]("id: 1842\ndata: \(String(repeating: "x", count: 239))\n\n".utf8)
            let block = [UInt8](repeatElement(event, count: 64).joined())
            var parser = EventStreamParser()
            var parsed = 0
            while parsed < count {
                let events = parser.append(block).count
                parsed += events
                for _ in 0..<events { wasted.more() }
            }
        }
    }

    private enum Mistake: Error {
        case encoding
        case decoding
    }
}
