// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftValue

/// What a node of the laboratory has heard of one origin's stream, checked event by event.
///
/// The origin emits nothing but these events, so the index in an event and its number in the stream go together.
struct LabTally: Hashable, Sendable {
    /// Above so many runs, they are only counted.
    private static let mostGaps = 1_000

    /// Events that came when they were due.
    private(set) var received: UInt64 = 0
    /// The index that is due.
    private(set) var next: UInt64 = 0
    /// Events that had come already, or that came too late.
    private(set) var repeated: UInt64 = 0
    /// Events that did not come and were not announced as missed.
    private(set) var skipped: UInt64 = 0
    /// Events whose number in the stream is not the one of their index.
    private(set) var misnumbered: UInt64 = 0
    /// Events announced as missed.
    private(set) var missed: UInt64 = 0
    /// Announcements that do not begin with what is due.
    private(set) var misplaced: UInt64 = 0
    /// The runs announced as missed, by first and last index.
    private(set) var gaps: [ClosedRange<UInt64>] = []

    /// An event came.
    mutating func heard(index: UInt64, sequence: UInt64?) {
        if sequence != index &+ 1 { self.misnumbered += 1 }
        guard index >= self.next else {
            self.repeated += 1
            return
        }
        self.skipped += index - self.next
        self.received += 1
        self.next = index &+ 1
    }

    /// A run was announced as missed, by its first and last number in the stream.
    mutating func missed(first: UInt64, last: UInt64) {
        guard first > 0, first <= last, first - 1 == self.next else {
            self.misplaced += 1
            return
        }
        self.missed += last - self.next
        if self.gaps.count < Self.mostGaps { self.gaps.append(self.next...last - 1) }
        self.next = last
    }

    /// The tally by name.
    var value: Value {
        [
            "received": Value(self.received), "next": Value(self.next), "repeated": Value(self.repeated),
            "skipped": Value(self.skipped), "misnumbered": Value(self.misnumbered), "missed": Value(self.missed),
            "misplaced": Value(self.misplaced),
            "gaps": .array(self.gaps.map { [Value($0.lowerBound), Value($0.upperBound)] }),
        ]
    }
}
