// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// A queue's turn to deal: the smallest start is dealt next.
struct DispatcherTurn: Comparable {
    let start: Double
    let queue: String
    /// The queue's number.
    let number: Int

    static func < (left: Self, right: Self) -> Bool {
        (left.start, left.queue) < (right.start, right.queue)
    }
}
