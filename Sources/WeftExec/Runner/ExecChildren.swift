// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking

/// The programs that a runner has running, for when the process must end at once.
final class ExecChildren: Sendable {
    private let children = Locked<[Int32: ChildProcess]>([:])

    func insert(_ child: ChildProcess) {
        self.children.withLock { $0[child.processID] = child }
    }

    func remove(_ child: ChildProcess) {
        self.children.withLock { $0[child.processID] = nil }
    }

    func kill() {
        for child in self.children.withLock({ Array($0.values) }) { child.kill() }
    }
}
