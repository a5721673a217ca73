// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking
import Weft
import WeftProtocol

/// Shows a person at a terminal how far a run of `weft submit -` has come, in one line that is drawn again and again.
///
/// Without a terminal it only counts.
final class SubmitProgress: Sendable {
    /// How often the line is drawn: often enough to look alive.
    private static let interval = Duration.milliseconds(200)

    private struct State {
        var counts = SubmitCounts()
        var isShown = false
    }

    private let state = Locked(State())
    private let begin = MonotonicTime.now
    private let isVisible: Bool
    /// Where the line is drawn: with the results, when these go to a terminal too, so that the two keep their order.
    private let writer: BoundedWriter

    /// - Parameter isVisible: Whether to draw; by default when standard error is a terminal.
    init(isVisible: Bool = Terminal.isTerminal(2)) {
        self.isVisible = isVisible
        self.writer = Terminal.isTerminal(1) ? .output : .error
    }

    /// How far it is.
    var counts: SubmitCounts { self.state.withLock { $0.counts } }

    /// Changes the counts.
    func count(_ change: (inout SubmitCounts) -> Void) {
        self.state.withLock { change(&$0.counts) }
    }

    /// Prints a result.
    func result(_ line: String) {
        self.print(line, to: .output)
    }

    /// Says what is wrong.
    func complain(_ line: String) {
        self.print(line, to: .error)
    }

    /// Draws until the task is cancelled.
    func draw() async {
        guard self.isVisible else { return }
        while !Task.isCancelled {
            self.redraw()
            try? await Task.sleep(for: Self.interval)
        }
        self.clear()
    }

    private func print(_ line: String, to writer: BoundedWriter) {
        // The line is in the way only where it was drawn.
        self.state.withLock { state in
            if writer === self.writer, state.isShown {
                state.isShown = false
                writer.write { $0.append(contentsOf: "\r\u{1B}[K\(line)\n".utf8) }
            } else {
                if state.isShown { self.erase(&state) }
                writer.line(line)
            }
        }
    }

    private func redraw() {
        let columns = Terminal.columns(2) ?? 80
        self.state.withLock { state in
            let seconds = (MonotonicTime.now - self.begin) / .seconds(1)
            let line = state.counts.line(after: seconds, fitting: columns)
            state.isShown = true
            self.writer.write { $0.append(contentsOf: "\r\u{1B}[K\(line)".utf8) }
        }
    }

    private func clear() {
        self.state.withLock { self.erase(&$0) }
    }

    private func erase(_ state: inout State) {
        guard state.isShown else { return }
        state.isShown = false
        self.writer.write { $0.append(contentsOf: "\r\u{1B}[K".utf8) }
    }
}
