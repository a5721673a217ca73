// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// How a program's standard output becomes a task's result.
public enum ExecResultFormat: String, Hashable, Sendable, CaseIterable {
    /// The output, without its final line end, is the result.
    case text
    /// The output is a JSON object that may set `result`, `status`, `tokens` and `used_tools`.
    case json
}
