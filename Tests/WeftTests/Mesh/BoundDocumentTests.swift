// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import Weft
import WeftValue

struct BoundDocumentTests {
    @Test func everyCounterInTheTableOfBoundsIsPartOfAStatus() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..")
        let text = try String(contentsOf: root.appending(path: "docs/mesh.md"), encoding: .utf8)
        let counters = try #require(NodeCounters().value.objectValue)
        let rows = text.split(separator: "\n").drop { !$0.hasPrefix("| bound |") }.dropFirst(2)
        #expect(rows.count > 15)
        for row in rows {
            let names =
                row.split(separator: "|").last?.split(separator: "`").filter { $0.first?.isLetter == true } ?? []
            #expect(!names.isEmpty, "\(row)")
            for name in names { #expect(counters[String(name)] != nil, "\(name)") }
        }
    }
}
