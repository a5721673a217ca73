// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftProtocol
import WeftSQLite

/// The part of a configuration file that is about the ledger.
struct LedgerSettings: Hashable {
    /// Where it is; nil when the file does not say.
    var place: LedgerOption?
    /// What a write waits for; nil for the ledger's own default.
    var synchronous: LedgerSynchronous?
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
