// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing
import WeftProtocol

struct TrustEntryTests {
    private static let key = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
    private static let other = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"

    @Test func anEntryReadsBackFromItsFile() throws {
        let until = Date(timeIntervalSince1970: 1_800_000_000)
        let entry = TrustEntry(
            name: "w-1", roles: [.worker, .operator],
            keys: [TrustedKey(Self.key), TrustedKey(Self.other, until: until)])
        #expect(try TrustEntry(name: "w-1", json: Array(entry.json.utf8)) == entry)
    }

    @Test(arguments: [
        "", "[]", "{}", #"{"keys": []}"#, #"{"keys": ["short"]}"#, #"{"keys": [{"key": "short"}]}"#,
        #"{"keys": [{"key": "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7", "until": "tomorrow"}]}"#,
        #"{"keys": [{"key": "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7", "untill": 1}]}"#,
        #"{"keys": [{"key": "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"}], "roles": ["king"]}"#,
        #"{"keys": [{"key": "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"}], "rolls": []}"#,
    ])
    func whatIsNotAnEntryIsRefused(_ text: String) {
        #expect { _ = try TrustEntry(name: "w-1", json: Array(text.utf8)) } throws: {
            ($0 as? TrustError)?.code == .malformed
        }
    }

    @Test(arguments: ["", ".hidden", "a/b", "..", "a b", "a\nb", String(repeating: "x", count: 201)])
    func namesThatCannotBeFilesAreRefused(_ name: String) {
        #expect { try TrustEntry.check(name: name) } throws: { ($0 as? TrustError)?.code == .malformed }
    }

    @Test func aKeyCountsUntilItsTime() throws {
        let until = Date(timeIntervalSince1970: 1_000)
        let list = try TrustList([
            TrustEntry(name: "a", keys: [TrustedKey(Self.key, until: until)]),
            TrustEntry(name: "b", keys: [TrustedKey(Self.other)]),
        ])
        #expect(Set(list.valid(at: Date(timeIntervalSince1970: 999)).entries.keys) == ["a", "b"])
        #expect(Set(list.valid(at: until).entries.keys) == ["b"])
    }

    @Test func twoNodesWithOneKeyAreRefused() {
        #expect {
            _ = try TrustList([
                TrustEntry(name: "a", keys: [TrustedKey(Self.key)]),
                TrustEntry(name: "b", keys: [TrustedKey(Self.key)]),
            ])
        } throws: { ($0 as? TrustError)?.code == .duplicate }
    }

    @Test func coordinatorsAreTriedFirst() throws {
        let list = try TrustList([
            TrustEntry(name: "a", keys: [TrustedKey(Self.key)]),
            TrustEntry(name: "z", roles: [.coordinator], keys: [TrustedKey(Self.other)]),
        ])
        #expect(list.ordered.map(\.name) == ["z", "a"])
    }
}
