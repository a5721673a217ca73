// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// The question whether a suspect lives, put to others.
struct Suspicion {
    /// The number of the question; an answer to an older one is old news.
    var number: UInt64
    /// The refutation that is doubted: only a higher one is a defence.
    var refutation: UInt64
    /// When others are asked next.
    var nextAsk: MonotonicTime
}
