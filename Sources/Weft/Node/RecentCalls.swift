// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import DequeModule
import WeftBus
import WeftProtocol

/// The calls of others that are being answered, or were lately: one that comes again is answered again, and not done again.
///
/// A call or its answer gets lost with the connection that it was on; whoever called cannot tell which, and repeats it.
struct RecentCalls {
    /// What to do about a call that has come.
    enum Verdict: Equatable {
        /// It is new: do it.
        case isNew
        /// It is being done: its answer goes where it came from last.
        case isRunning
        /// It has been done, and this was the answer.
        case wasAnswered([UInt8])
    }

    private struct Key: Hashable {
        let caller: NodeID
        let number: UInt64
    }

    private enum Entry {
        case running(MeshLink)
        case answered([UInt8])
    }

    private var entries: [Key: Entry] = [:]
    private var answered: Deque<(key: Key, at: MonotonicTime)> = []
    /// The bytes of all answers that are kept.
    private(set) var byteCount = 0
    /// How many answers were forgotten before their time, because there were too many.
    private(set) var forgotten: UInt64 = 0

    /// How many calls are known.
    var count: Int { self.entries.count }

    /// A call has come.
    ///
    /// - Parameter link: Where it came from, which is where its answer goes.
    mutating func came(_ caller: NodeID, _ number: UInt64, on link: MeshLink, at now: MonotonicTime) -> Verdict {
        self.forget(at: now)
        let key = Key(caller: caller, number: number)
        switch self.entries[key] {
        case nil:
            self.entries[key] = .running(link)
            return .isNew
        case .running:
            self.entries[key] = .running(link)
            return .isRunning
        case .answered(let frame): return .wasAnswered(frame)
        }
    }

    /// A call has been done.
    ///
    /// - Parameter answer: What is kept for when it comes again; nil for an answer that is as good the next time.
    /// - Returns: Where the answer goes.
    mutating func ended(_ caller: NodeID, _ number: UInt64, answer: [UInt8]?, at now: MonotonicTime) -> MeshLink? {
        let key = Key(caller: caller, number: number)
        guard case .running(let link) = self.entries[key] else { return nil }
        guard let answer, answer.count <= NodeDefaults.recentCallBytes else {
            self.entries[key] = nil
            return link
        }
        self.entries[key] = .answered(answer)
        self.answered.append((key, now))
        self.byteCount += answer.count
        self.forget(at: now)
        return link
    }

    private mutating func forget(at now: MonotonicTime) {
        while let oldest = self.answered.first,
            self.byteCount > NodeDefaults.recentCallBytes || self.answered.count > NodeDefaults.recentCalls
                || now - oldest.at > NodeDefaults.recentCallTime
        {
            self.answered.removeFirst()
            if now - oldest.at <= NodeDefaults.recentCallTime { self.forgotten += 1 }
            guard case .answered(let frame) = self.entries.removeValue(forKey: oldest.key) else { continue }
            self.byteCount -= frame.count
        }
    }
}
