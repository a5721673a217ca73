// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Weft
import WeftProtocol

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Submits each line of standard input as a task.
struct SubmitLines {
    /// How many lines are under way at once.
    private static let window = 64

    /// What came of a line.
    struct Outcome: Sendable {
        let number: Int
        var line: String?
        var failure: CommandFailure?
    }

    let progress = SubmitProgress()
    /// Submits the task that a line is, and waits for it if asked to.
    let perform:
        @Sendable (_ text: String, SubmitProgress) async throws(CommandFailure) -> (
            line: String?, failure: CommandFailure?
        )

    /// Submits all lines; the first trouble decides the exit status, and the rest goes on.
    func run() async throws {
        let worst = try await withThrowingTaskGroup(of: Void.self, returning: CommandFailure?.self) { group in
            group.addTask { await self.progress.draw() }
            defer { group.cancelAll() }
            return try await self.submitAll()
        }
        if Task.isCancelled {
            let counts = self.progress.counts
            var text =
                "weft submit: interrupted; \(counts.accepted) \(counts.accepted == 1 ? "task was" : "tasks were") accepted and go on"
            if counts.asked > 0 { text += ", and up to \(counts.asked) more" }
            BoundedWriter.error.line(text + "; weft tasks ls shows them")
        }
        try Task.checkCancellation()
        if let worst { throw worst }
    }

    private func submitAll() async throws -> CommandFailure? {
        var worst: CommandFailure?
        func take(_ outcome: Outcome) {
            if let line = outcome.line { self.progress.result(line) }
            guard let failure = outcome.failure else { return }
            // An interruption is no fault of the line.
            guard !Task.isCancelled else { return }
            self.progress.count { $0.failed += 1 }
            self.progress.complain("weft submit: line \(outcome.number): \(failure.message)")
            worst = worst ?? CommandFailure(failure.status)
        }
        let size = Self.inputBytes
        return try await withThrowingTaskGroup(of: Outcome.self) { group in
            var running = 0
            var lines = 0
            var bytesRead = 0
            for await batch in InputLines() {
                for (number, bytes) in batch {
                    if running >= Self.window, let outcome = try await group.next() {
                        take(outcome)
                        running -= 1
                    }
                    guard !Task.isCancelled else { break }
                    bytesRead += (bytes?.count ?? InputLines.maximumLine) + 1
                    if let size, size > 0 {
                        let fraction = Double(bytesRead) / Double(size)
                        self.progress.count { $0.fraction = min(1, fraction) }
                    }
                    guard let bytes else {
                        lines += 1
                        take(
                            Outcome(
                                number: number,
                                failure: CommandFailure(.badInput, "longer than \(InputLines.maximumLine) bytes")))
                        continue
                    }
                    guard bytes.contains(where: { !JSONSplitter.isSpace($0) }) else { continue }
                    lines += 1
                    let text = String(decoding: bytes, as: UTF8.self)
                    group.addTask {
                        do throws(CommandFailure) {
                            let (line, failure) = try await self.perform(text, self.progress)
                            return Outcome(number: number, line: line, failure: failure)
                        } catch {
                            return Outcome(number: number, failure: error)
                        }
                    }
                    running += 1
                }
            }
            let total = lines
            self.progress.count { $0.total = total }
            for try await outcome in group { take(outcome) }
            return worst
        }
    }

    /// How much there is to read, when standard input is a file.
    private static var inputBytes: Int64? {
        var information = stat()
        guard fstat(STDIN_FILENO, &information) == 0, information.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int64(information.st_size)
    }
}
