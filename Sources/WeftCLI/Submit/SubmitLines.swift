// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking
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
        let size = Self.inputBytes
        let worst = Locked<CommandFailure?>(nil)
        try await withThrowingTaskGroup(of: Void.self) { group in
            var running = 0
            var lines = 0
            var bytesRead = 0
            for await batch in InputLines() {
                for (number, bytes) in batch {
                    if running >= Self.window, try await group.next() != nil { running -= 1 }
                    guard !Task.isCancelled else { break }
                    bytesRead += (bytes?.count ?? InputLines.maximumLine) + 1
                    if let size, size > 0 {
                        let fraction = Double(bytesRead) / Double(size)
                        self.progress.count { $0.fraction = min(1, fraction) }
                    }
                    guard let bytes else {
                        lines += 1
                        let failure = CommandFailure(.badInput, "longer than \(InputLines.maximumLine) bytes")
                        self.take(Outcome(number: number, failure: failure), worst)
                        continue
                    }
                    guard bytes.contains(where: { !JSONSplitter.isSpace($0) }) else { continue }
                    lines += 1
                    let text = String(decoding: bytes, as: UTF8.self)
                    group.addTask {
                        do throws(CommandFailure) {
                            let (line, failure) = try await self.perform(text, self.progress)
                            self.take(Outcome(number: number, line: line, failure: failure), worst)
                        } catch {
                            self.take(Outcome(number: number, failure: error), worst)
                        }
                    }
                    running += 1
                }
            }
            let total = lines
            self.progress.count { $0.total = total }
            try await group.waitForAll()
        }
        return worst.withLock { $0 }
    }

    /// Prints what came of a line, at once.
    private func take(_ outcome: Outcome, _ worst: Locked<CommandFailure?>) {
        if let line = outcome.line { self.progress.result(line) }
        // An interruption is no fault of the line.
        guard let failure = outcome.failure, !Task.isCancelled else { return }
        self.progress.count { $0.failed += 1 }
        self.progress.complain("weft submit: line \(outcome.number): \(failure.message)")
        worst.withLock { $0 = $0 ?? CommandFailure(failure.status) }
    }

    /// How much there is to read, when standard input is a file.
    private static var inputBytes: Int64? {
        var information = stat()
        guard fstat(STDIN_FILENO, &information) == 0, information.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int64(information.st_size)
    }
}
