// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// What is encoded and decoded: six fields, about a hundred bytes.
struct Order: Codable, Sendable {
    var id: String
    var customer: String
    var quantity: Int
    var price: Double
    var isPaid: Bool
    var tags: [String]

    static let sample = Order(
        id: "o-1842", customer: "john_doe", quantity: 3, price: 19.95, isPaid: true, tags: ["new", "gift"])
}
