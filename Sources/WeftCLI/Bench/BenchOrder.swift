// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// What is sent where a measurement is about `Codable` types: six fields, about a hundred bytes.
struct BenchOrder: Codable, Hashable, Sendable {
    var id: String
    var customer: String
    var quantity: Int
    var price: Double
    var isPaid: Bool
    var tags: [String]

    /// One like any other.
    static let sample = BenchOrder(
        id: "o-1842", customer: "john_doe", quantity: 3, price: 19.95, isPaid: true, tags: ["new", "gift"])
}
