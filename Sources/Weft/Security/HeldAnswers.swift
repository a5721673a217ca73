// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftProtocol
import ZeroMQ

/// Answers for those whose connections were ended for somebody else's sake, and who are back in a moment.
struct HeldAnswers {
    private(set) var messages: [Message] = []
    private var bytes = 0
    private var until: MonotonicTime?

    /// Sockets are bound anew: from now on, for a while, whoever is not there may come back.
    mutating func begin(at now: MonotonicTime) {
        self.until = now + NodeDefaults.heldAnswerTime
    }

    /// Keeps an answer that found nobody.
    ///
    /// - Returns: Whether it is kept: not when nobody was disconnected lately, nor when too much is.
    mutating func add(_ answer: Message, at now: MonotonicTime) -> Bool {
        guard let until = self.until, now < until, self.bytes + answer.byteCount <= NodeDefaults.heldAnswerBytes else {
            return false
        }
        self.bytes += answer.byteCount
        self.messages.append(answer)
        return true
    }

    /// Hands out all that is kept.
    mutating func take() -> [Message] {
        defer {
            self.messages = []
            self.bytes = 0
        }
        return self.messages
    }
}
