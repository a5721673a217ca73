// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftProtocol
import WeftValue

extension Node.Configuration {
    /// Refuses what the others would: they ignore a record that is too large, and the node would wait for them.
    func checkRecord() throws(NodeError) {
        let limit = MeshDefaults.nameLength
        let texts = [("name", self.name), ("advertised host", self.advertise ?? "")]
        for (what, text) in texts + self.roles.map({ ("role", $0.name) }) where text.utf8.count > limit {
            throw NodeError(
                .tooLarge,
                "the node's \(what) '\(text.prefix(20))…' has \(text.utf8.count) bytes; it may have at most \(limit)")
        }
        guard self.roles.count <= MeshDefaults.roles else {
            throw NodeError(
                .tooLarge, "the node has \(self.roles.count) roles; it may have at most \(MeshDefaults.roles)")
        }
        let size = self.extras.recordSize
        guard size <= MeshDefaults.extrasSize else {
            throw NodeError(
                .tooLarge, "the node's extras have \(size) bytes; they may have at most \(MeshDefaults.extrasSize)")
        }
    }
}
