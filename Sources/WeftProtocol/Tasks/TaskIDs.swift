// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking

/// Makes ids for tasks that bring none: ones that nobody else has, short enough to cost no memory of their own, and in each process in
/// their order, so that an index of them grows at its end.
enum TaskIDs {
    /// The ids of one process.
    struct State {
        /// Ten digits that are this process's own, and five that count.
        private var text = [UInt8](repeating: 0, count: 15)
        private var count = Self.end

        init() {}

        private static let end: UInt64 = 62 * 62 * 62 * 62 * 62
        private static let digits = [UInt8]("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

        mutating func next() -> String {
            if self.count == Self.end {
                self.write(UInt64.random(in: 0..<Self.end * Self.end), at: 0..<10)
                // Not always from 0: most processes submit one task, and two of those are not to meet by ten digits alone.
                self.count = UInt64.random(in: 0..<Self.end / 2)
            }
            self.write(self.count, at: 10..<15)
            self.count += 1
            return String(decoding: self.text, as: UTF8.self)
        }

        private mutating func write(_ number: UInt64, at places: Range<Int>) {
            var number = number
            for place in places.reversed() {
                self.text[place] = Self.digits[Int(number % 62)]
                number /= 62
            }
        }
    }

    private static let state = Locked(State())

    /// The next id: 15 digits and letters.
    static func next() -> String {
        self.state.withLock { $0.next() }
    }
}
