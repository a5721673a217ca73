// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import WeftBus
import WeftValue

/// The history copies events into memory that it uses again and again.
struct HistoryReuseTests {
    @Test(arguments: [1, 3, 100]) func theNewestEventsStayWhatTheyWereWhateverTheirSizes(limit: Int) throws {
        var configuration = EventBus.Configuration()
        configuration.historyEvents = limit
        let bus = EventBus(configuration: configuration)
        var random = SystemRandomNumberGenerator()
        var expected: [[UInt8]] = []
        for n in 0..<3000 {
            // Now and then one that is too large to be copied.
            let size = Int.random(in: 0..<(n % 17 == 0 ? 9000 : 200), using: &random)
            let bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: n), count: size)
            bus.emitSync("a", n, bytes)
            expected.append(bytes)
            guard n % 500 == 499 || n < 5 else { continue }
            let found = try bus.history().map { try $0.decode(as: EventKey<Int, [UInt8]>("a")) }
            #expect(found.map { $0.1 } == Array(expected.suffix(limit)))
            #expect(found.map { $0.0 } == Array((0...n).suffix(limit)))
        }
        bus.clearHistory()
        bus.emitSync("a", 1, [2])
        #expect(bus.history().count == 1)
    }

    @Test func theBoundInBytesHoldsForCopiedEventsToo() {
        var configuration = EventBus.Configuration()
        configuration.historyBytes = 10_000
        let bus = EventBus(configuration: configuration)
        for _ in 0..<50 { bus.emitSync("a", [UInt8](repeating: 1, count: 1000)) }
        let size = 1000 + 4 + 1 + 128  // its header and the array's, the name, and what a record takes
        #expect(bus.history().count == 10_000 / size)
        #expect(bus.counters.historyByteDrops == 50 - 8)
    }

    @Test func withoutHistoryEventsStillGoToThePort() {
        var configuration = EventBus.Configuration()
        configuration.historyEvents = 0
        let bus = EventBus(configuration: configuration)
        let port = RecordingPort(hasRoom: true)
        bus.attach(port, origin: .third)
        for n in 0..<100 { #expect(bus.emitSync("a", n).sequence == UInt64(n + 1)) }
        #expect(port.appended.count == 100)
        #expect(port.appended.first?.arguments == [0x91, 0])
        #expect(port.waits == 0)
        #expect(bus.history().isEmpty)
    }
}
