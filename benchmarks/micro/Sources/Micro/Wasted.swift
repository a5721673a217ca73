// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Makes arrays for nothing: the regression that the thresholds must notice.
final class Wasted: Sendable {
    private let count: Int
    private let sum = Atomic<Int>(0)

    init(_ count: Int) {
        self.count = count
    }

    func more() {
        for index in 0..<self.count {
            let array = [UInt8](repeating: UInt8(truncatingIfNeeded: index), count: 64 + index)
            self.sum.add(array.count, ordering: .relaxed)
        }
    }
}
