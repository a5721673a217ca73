// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// Asks a loop to run something soon, from any thread, however often: several requests before it runs are one.
///
/// Whoever fills a queue of its own for the loop raises the signal after each addition; the handler empties the queue.
public final class LoopSignal: Sendable {
    private let inbox: LoopInbox
    private let handler: @Sendable () -> Void
    private let isRaised = Atomic<Bool>(false)

    init(inbox: LoopInbox, handler: @escaping @Sendable () -> Void) {
        self.inbox = inbox
        self.handler = handler
    }

    /// Asks for one run of the handler.
    ///
    /// Costs one atomic operation when it is asked for already.
    public func raise() {
        guard !self.isRaised.exchange(true, ordering: .acquiringAndReleasing) else { return }
        self.inbox.append(
            .closure {
                // Lowered first: what is added while the handler runs asks for another run.
                _ = self.isRaised.exchange(false, ordering: .acquiringAndReleasing)
                self.handler()
            })
    }
}
