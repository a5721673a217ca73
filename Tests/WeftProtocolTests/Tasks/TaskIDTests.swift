// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import WeftValue

@testable import WeftProtocol

struct TaskIDTests {
    @Test func idsAreShortDifferentAndInTheirOrder() {
        let ids = (0..<5000).map { _ in TaskSubmission(payload: .null).id }
        #expect(Set(ids).count == 5000)
        let alphabet = Set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
        for id in ids { #expect(id.utf8.count == 15 && alphabet.isSuperset(of: id)) }
        for (id, next) in zip(ids, ids.dropFirst()) {
            #expect([UInt8](id.utf8).lexicographicallyPrecedes([UInt8](next.utf8)))
        }
    }

    @Test func processesThatSubmitOneTaskEachDifferInAllDigits() {
        let ids = (0..<3).map { _ in
            var process = TaskIDs.State()
            return process.next()
        }
        #expect(Set(ids.map { $0.prefix(10) }).count == 3)
        #expect(Set(ids.map { $0.suffix(5) }).count == 3)
    }
}
