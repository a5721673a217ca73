// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Whose events a listener wants.
public struct ListenerScope: Hashable, Sendable {
    private enum Base { case all, local, remote }
    private let base: Base
    /// Events of this process and of all others.
    public static let all = ListenerScope(base: .all)
    /// Events emitted in this process.
    public static let local = ListenerScope(base: .local)
    /// Events that came from other nodes.
    public static let remote = ListenerScope(base: .remote)

    func accepts(isRemote: Bool) -> Bool {
        switch self.base {
        case .all: true
        case .local: !isRemote
        case .remote: isRemote
        }
    }
}
