// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// A type that contains itself.
struct Tree: Codable {
    var name: String
    var children: [Tree]
}
