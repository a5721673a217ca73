// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import WeftValue

/// A type as users write them, with a member of each kind.
struct Order: Codable {
    enum State: String, Codable { case open, closed }

    var id: String
    var count: Int
    var price: Double
    var isPaid: Bool
    var note: String?
    var tags: [String]
    var at: Date
    var photo: Data
    var extra: Value
    var small: Int8
    var ratio: Float
    var parts: [String: [UInt16]]
    var state: State
}
