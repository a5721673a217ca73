// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftValue

extension Value {
    /// The value, unless it is null.
    var nonNull: Value? {
        // Spelled out, because a bare nil would mean `.null` here.
        self.isNull ? Value?.none : self
    }
}
