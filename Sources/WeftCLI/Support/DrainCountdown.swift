// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking
import Weft

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Says on standard error what a stopping process waits for, and for how long: on a terminal in one line that changes each second,
/// otherwise at the start, every ten seconds and at the end.
final class DrainCountdown: Sendable {
    private let status: @Sendable () async -> DrainStatus
    private let isTerminal: Bool
    private let running = Locked<Task<Void, Never>?>(nil)

    init(
        isTerminal: Bool = Terminal.isTerminal(STDERR_FILENO), _ status: @escaping @Sendable () async -> DrainStatus
    ) {
        self.status = status
        self.isTerminal = isTerminal
    }

    /// Begins to count.
    func start() {
        self.running.withLock { running in
            guard running == nil else { return }
            // Lives until `end`, which awaits it.
            running = Task { await self.count() }
        }
    }

    /// Stops counting, and says how it ended.
    func end() async {
        guard let running = self.running.withLock({ $0 }) else { return }
        running.cancel()
        await running.value
        let left = await self.status().interrupted
        self.say(left == 0 ? "stopped; everything has ended" : "stopped; \(Self.tasks(left)) had not ended in time")
        if self.isTerminal { BoundedWriter.error.line("") }
    }

    private func count() async {
        repeat {
            let status = await self.status()
            if status.running > 0 { self.say(Self.text(status)) }
        } while (try? await Task.sleep(for: self.isTerminal ? .seconds(1) : .seconds(10))) != nil
    }

    private func say(_ text: String) {
        if self.isTerminal {
            BoundedWriter.error.write { $0.append(contentsOf: "\r\u{1B}[Kweft: \(text)".utf8) }
        } else {
            BoundedWriter.error.line("weft: \(text)")
        }
    }

    static func text(_ status: DrainStatus) -> String {
        let verb = status.running == 1 ? "runs" : "run"
        guard status.timeLeft > .zero else { return "\(Self.tasks(status.running)) still \(verb), and is told to stop" }
        let seconds = Int((status.timeLeft / .seconds(1)).rounded(.up))
        return "\(Self.tasks(status.running)) still \(verb), \(seconds) s left"
    }

    private static func tasks(_ count: Int) -> String {
        count == 1 ? "1 task" : "\(count) tasks"
    }
}
