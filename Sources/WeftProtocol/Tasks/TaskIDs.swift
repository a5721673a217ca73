// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking

/// Makes ids for tasks that bring none: ones that nobody else has, short enough to cost no memory of their own, and in each process in
/// their order, so that an index of them grows at its end.
enum TaskIDs {
    private struct State {
        var random = SystemRandomNumberGenerator()
        /// This process's own, in ten digits.
        var prefix: UInt64 = 0
        /// What follows it, in five digits.
        var count: UInt64 = Self.end

        static let end: UInt64 = 62 * 62 * 62 * 62 * 62
        static let prefixes: UInt64 = Self.end * Self.end
    }

    private static let state = Locked(State())

    /// The next id: 15 digits and letters.
    static func next() -> String {
        let (prefix, count) = self.state.withLock { state in
            if state.count == State.end {
                state.prefix = UInt64.random(in: 0..<State.prefixes, using: &state.random)
                state.count = 0
            }
            defer { state.count += 1 }
            return (state.prefix, state.count)
        }
        return String(unsafeUninitializedCapacity: 15) { buffer in
            self.write(prefix, to: UnsafeMutableBufferPointer(rebasing: buffer[0..<10]))
            self.write(count, to: UnsafeMutableBufferPointer(rebasing: buffer[10..<15]))
            return 15
        }
    }

    private static func write(_ number: UInt64, to buffer: UnsafeMutableBufferPointer<UInt8>) {
        var number = number
        for index in buffer.indices.reversed() {
            let digit = UInt8(truncatingIfNeeded: number % 62)
            number /= 62
            buffer[index] =
                switch digit {
                case 0..<10: UInt8(ascii: "0") + digit
                case 10..<36: UInt8(ascii: "A") + digit - 10
                default: UInt8(ascii: "a") + digit - 36
                }
        }
    }
}
