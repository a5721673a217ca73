// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A place at which the process kills itself when a test has asked for it: the crash that nobody can time from outside.
///
/// Armed only by the variable `WEFT_FAILPOINT=name:N[,name:N]`, read once: at the Nth pass through the place of that name the process ends
/// by SIGKILL, without any chance to tidy up. Without the variable a pass costs one comparison.
package enum Failpoint: String, CaseIterable, Sendable {
    /// Before the coordinator writes a batch of changes to its ledger.
    case ledgerWriteBefore = "ledger.write.before"
    /// After the ledger has a batch, before anything that follows from it is done.
    case ledgerWriteAfter = "ledger.write.after"
    /// Before tasks are sent to a worker.
    case dispatchSendBefore = "dispatch.send.before"
    /// After tasks were handed to the socket, perhaps before they have left it.
    case dispatchSendAfter = "dispatch.send.after"
    /// Before a worker is told that its outcome is stored.
    case acknowledgeSendBefore = "acknowledge.send.before"
    /// After the acknowledgement was handed to the socket.
    case acknowledgeSendAfter = "acknowledge.send.after"
    /// Before an update is sent to the platform.
    case reportSendBefore = "report.send.before"
    /// After the platform has answered an update, before the coordinator knows of it.
    case reportSendAfter = "report.send.after"
    /// After an outcome has come from a worker, before anything is done about it.
    case resultReceiveBefore = "result.receive.before"
    /// After a task is in the ledger, before whoever submitted it is told.
    case acceptAnswerBefore = "accept.answer.before"

    /// Passes through the place.
    package static func hit(_ point: Failpoint) {
        guard let counts = Self.armed else { return }
        counts.pass(point)
    }

    /// What is wrong with the variable's value; nil when nothing is.
    package static func problem(in text: String) -> String? {
        do throws(Malformed) {
            _ = try Self.parse(text)
            return nil
        } catch {
            return error.reason
        }
    }

    /// What `WEFT_FAILPOINT` says; nil when it is not set.
    package static var variable: String? {
        guard let text = getenv("WEFT_FAILPOINT") else { return nil }
        return String(cString: text)
    }

    private struct Malformed: Error {
        let reason: String
    }

    private static let armed: Counts? = {
        guard let text = Self.variable, let limits = try? Self.parse(text) else { return nil }
        return Counts(limits)
    }()

    private static func parse(_ text: String) throws(Malformed) -> [Failpoint: Int] {
        var limits: [Failpoint: Int] = [:]
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let pieces = part.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard pieces.count == 2, let point = Failpoint(rawValue: String(pieces[0])), let limit = Int(pieces[1]),
                limit > 0
            else {
                let names = Failpoint.allCases.map(\.rawValue).joined(separator: ", ")
                throw Malformed(reason: "\"\(part)\" is not NAME:N, with N from 1 and NAME one of \(names)")
            }
            limits[point] = limit
        }
        return limits
    }

    /// The passes that are left, counted from any thread.
    private final class Counts: Sendable {
        private final class Count: Sendable {
            let left: Atomic<Int>
            init(_ left: Int) { self.left = Atomic(left) }
        }

        private let counts: [Failpoint: Count]

        init(_ limits: [Failpoint: Int]) {
            self.counts = limits.mapValues(Count.init)
        }

        func pass(_ point: Failpoint) {
            guard let count = self.counts[point] else { return }
            guard count.left.wrappingSubtract(1, ordering: .relaxed).newValue <= 0 else { return }
            kill(getpid(), SIGKILL)
            // The signal is on its way; nothing may happen meanwhile.
            while true { pause() }
        }
    }
}
