// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftProtocol

/// The part of a configuration file that is about the ledger.
struct LedgerSettings: Hashable {
    /// When a commit counts as written.
    enum Synchronous: String, CaseIterable {
        case full
        case normal
    }

    /// Where it is; nil when the file does not say.
    var place: LedgerOption?
    /// When a commit counts as written; nil for the ledger's own default.
    var synchronous: Synchronous?
    /// How many finished tasks are kept.
    var keepFinished: Int?
    /// How long finished tasks are kept.
    var keepFor: Duration?

    init() {}

    init(_ reader: inout FileReader, _ root: FileReader.Section) {
        let section = reader.section(
            "ledger", of: root, keys: ["path", "synchronous", "keep_finished", "keep_for"])
        self.place = reader.text("path", of: section).flatMap { LedgerOption(argument: $0) }
        self.synchronous = reader.word("synchronous", of: section)
        self.keepFinished = reader.integer("keep_finished", of: section, in: 0...100_000_000)
        self.keepFor = reader.duration("keep_for", of: section, from: .seconds(1))
    }
}
