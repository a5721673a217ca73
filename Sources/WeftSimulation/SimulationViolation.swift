// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// A promise that was not kept.
package struct SimulationViolation: Error, CustomStringConvertible {
    /// Which one, and by what.
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}
