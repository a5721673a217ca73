// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// A key or a position that no type has declared.
struct AnyKey: CodingKey {
    let stringValue: String
    let intValue: Int?

    init(stringValue: String) {
        self.stringValue = stringValue
        self.intValue = nil
    }

    init(intValue: Int) {
        self.stringValue = String(intValue)
        self.intValue = intValue
    }

    static let `super` = AnyKey(stringValue: "super")
}
