// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftExec

/// How a ``TestProcess`` ended.
public enum TestExit: Hashable, Sendable {
    /// With this exit status.
    case code(Int32)
    /// By this signal.
    case signal(Int32)

    init(_ exit: ChildExit) {
        switch exit.status {
        case .code(let code): self = .code(code)
        case .signal(let number): self = .signal(number)
        }
    }
}
