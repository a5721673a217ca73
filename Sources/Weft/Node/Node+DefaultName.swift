// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

extension Node.Configuration {
    /// `weft-4711`: told apart on one machine, and readable.
    static var defaultName: String {
        let program = CommandLine.arguments.first?.split(separator: "/").last.map(String.init) ?? "node"
        return "\(program)-\(ProcessInfo.processInfo.processIdentifier)"
    }
}
