// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import WeftValue

@testable import WeftCLI

struct LabTallyTests {
    private static func tally(_ indices: UInt64...) -> LabTally {
        var tally = LabTally()
        for index in indices { tally.heard(index: index, sequence: index + 1) }
        return tally
    }

    @Test func everyEventOnceAndInOrderLeavesNothingToSay() {
        let tally = Self.tally(0, 1, 2, 3)
        #expect(tally.received == 4 && tally.next == 4)
        #expect(tally.repeated == 0 && tally.skipped == 0 && tally.misnumbered == 0 && tally.missed == 0)
    }

    @Test func whatComesTwiceOrTooLateIsRepeated() {
        #expect(Self.tally(0, 1, 1).repeated == 1)
        let swapped = Self.tally(0, 2, 1, 3)
        #expect(swapped.repeated == 1 && swapped.skipped == 1 && swapped.received == 3 && swapped.next == 4)
    }

    @Test func aHoleThatNobodyAnnouncedIsSkipped() {
        let tally = Self.tally(0, 5)
        #expect(tally.skipped == 4 && tally.missed == 0 && tally.next == 6)
    }

    @Test func anAnnouncedGapIsMissedAndTheStreamGoesOnBehindIt() {
        var tally = Self.tally(0, 1)
        tally.missed(first: 3, last: 5)
        tally.heard(index: 5, sequence: 6)
        #expect(tally.missed == 3 && tally.gaps == [2...4] && tally.skipped == 0 && tally.received == 3)
        #expect(tally.value["gaps"]?[0] == [2, 4])
    }

    @Test(arguments: [(4, 5), (1, 2), (2, 2), (0, 3), (5, 4)] as [(UInt64, UInt64)])
    func aGapThatDoesNotBeginWithWhatIsDueIsMisplaced(first: UInt64, last: UInt64) {
        var tally = Self.tally(0, 1)
        tally.missed(first: first, last: last)
        #expect(tally.misplaced == 1 && tally.missed == 0 && tally.next == 2)
    }

    @Test func aNumberThatIsNotTheIndexsOwnIsCounted() {
        var tally = LabTally()
        tally.heard(index: 0, sequence: 2)
        tally.heard(index: 1, sequence: nil)
        tally.heard(index: .max, sequence: 0)
        #expect(tally.misnumbered == 2)
    }
}
