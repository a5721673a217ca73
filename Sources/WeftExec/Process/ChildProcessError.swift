// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Why a child process could not be started.
package struct ChildProcessError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The step that failed.
    package let operation: String
    /// The system's error number.
    package let code: Int32

    package init(operation: String, code: Int32) {
        self.operation = operation
        self.code = code
    }

    package var description: String { "\(self.operation) failed: \(systemMessage(self.code))" }
}
