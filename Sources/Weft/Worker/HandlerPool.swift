// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import DequeModule
import Locking
import WeftProtocol
import WeftValue
import ZeroMQ

/// Runs attempts on as few tasks as they need.
///
/// A runner is a task that runs one attempt after another. As long as attempts wait, one more runner is on its way; so handlers that end
/// without suspending follow each other on as many runners as there are threads, and each that suspends makes way for another. What they
/// come to and report is collected, and the socket loop is told once for all that has piled up.
final class HandlerPool: Sendable {
    /// What the socket loop is to be told.
    struct News {
        var progress: [(key: AttemptKey, value: Value, replaced: Int)] = []
        var ended: [WorkerMachine.Finished] = []
    }

    private struct Runner {
        var task: Task<Void, Never>?
        var current: RunningAttempt?
        /// Whether its task was cancelled: it ends with its attempt.
        var isCancelled = false
    }

    private struct State {
        var waiting: Deque<RunningAttempt> = []
        var runners: [Int: Runner] = [:]
        var lastRunner = 0
        /// Whether a runner is on its way that has not taken an attempt yet.
        var isStarting = false
        var isClosed = false
        var news = News()
        /// Where in the news an attempt's progress is.
        var progress: [AttemptKey: Int] = [:]
        var stopReasons: [AttemptKey: String] = [:]
        var closing: [CheckedContinuation<Void, Never>] = []
    }

    private let runner: any TaskRunner
    private let state = Locked(State())
    private let signal: LoopSignal
    private let wanted: AsyncStream<Void>.Continuation
    /// Asks for a runner, from whose task-locals handlers inherit.
    let runnersWanted: AsyncStream<Void>

    /// Creates a pool.
    ///
    /// - Parameters:
    ///   - runner: What runs the attempts.
    ///   - loop: The loop that is told what they come to.
    ///   - onNews: Runs there when there is something to take.
    init(_ runner: any TaskRunner, loop: SocketLoop, onNews: @escaping @Sendable () -> Void) {
        self.runner = runner
        self.signal = loop.makeSignal(onNews)
        (self.runnersWanted, self.wanted) = AsyncStream.makeStream()
    }

    // MARK: - From the socket loop

    /// Takes attempts to run.
    func start(_ requests: [TaskRequest]) {
        let attempts = requests.map { RunningAttempt($0, in: self) }
        let isFirst = self.state.withLock { state in
            state.waiting.append(contentsOf: attempts)
            guard !state.isStarting else { return false }
            state.isStarting = true
            return true
        }
        if isFirst { self.wanted.yield() }
    }

    /// Begins a runner, when one was asked for.
    ///
    /// Its task is one of its own, because a single one can be cancelled; ``close()`` waits for all.
    func addRunner() {
        self.state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.isStarting = false
                return
            }
            self.addRunner(&state)
        }
    }

    private func addRunner(_ state: inout State) {
        state.lastRunner += 1
        let number = state.lastRunner
        state.runners[number] = Runner()
        state.runners[number]?.task = Task { await self.work(number) }
    }

    /// Tells an attempt's handler to stop.
    func cancel(_ key: AttemptKey, reason: String) {
        self.state.withLock { state in
            if let (number, runner) = state.runners.first(where: { $0.value.current?.key == key }) {
                guard state.stopReasons[key] == nil else { return }
                state.stopReasons[key] = reason
                runner.current?.stop()
                state.runners[number]?.isCancelled = true
                runner.task?.cancel()
            } else if let attempt = state.waiting.first(where: { $0.key == key }), state.stopReasons[key] == nil {
                state.stopReasons[key] = reason
                attempt.stop()
            }
        }
    }

    /// Takes out what handlers have reported and come to.
    func takeNews() -> News {
        self.state.withLock { state in
            defer {
                state.news = News()
                if !state.progress.isEmpty { state.progress = [:] }
            }
            return state.news
        }
    }

    /// Ends ``runnersWanted``, after which the pool is to be closed.
    func finish() {
        self.wanted.finish()
    }

    /// Ends the pool: whatever still runs is cancelled and waited for.
    func close() async {
        await withCheckedContinuation { continuation in
            let isOver = self.state.withLock { state in
                state.isClosed = true
                state.waiting = []
                for runner in state.runners.values {
                    runner.current?.stop()
                    runner.task?.cancel()
                }
                guard !state.runners.isEmpty else { return true }
                state.closing.append(continuation)
                return false
            }
            if isOver { continuation.resume() }
        }
    }

    // MARK: - From handlers

    func stopReason(of key: AttemptKey) -> String? { self.state.withLock { $0.stopReasons[key] } }

    /// Takes a report; of what has not been told yet the newest is.
    func report(_ progress: Value, of key: AttemptKey) {
        self.state.withLock { state in
            if let index = state.progress[key] {
                state.news.progress[index].value = progress
                state.news.progress[index].replaced += 1
            } else {
                state.progress[key] = state.news.progress.count
                state.news.progress.append((key, progress, 0))
            }
        }
        self.signal.raise()
    }

    // MARK: - Runners

    @concurrent private func work(_ number: Int) async {
        var isFirst = true
        var ended: WorkerMachine.Finished?
        while let attempt = self.next(of: number, isFirst: isFirst, after: ended) {
            isFirst = false
            let outcome = await self.runner.run(attempt.request, context: TaskContext(attempt))
            ended = WorkerMachine.Finished(id: attempt.key.id, attempt: attempt.key.attempt, outcome)
        }
    }

    /// Takes what a runner's attempt came to, and gives it the next one; nil when it is to end.
    private func next(of number: Int, isFirst: Bool, after ended: WorkerMachine.Finished?) -> RunningAttempt? {
        let (attempt, isNews, closing) = self.state.withLock {
            state -> (RunningAttempt?, Bool, [CheckedContinuation<Void, Never>]) in
            if isFirst { state.isStarting = false }
            if let ended {
                state.news.ended.append(ended)
                if !state.stopReasons.isEmpty {
                    state.stopReasons[AttemptKey(id: ended.id, attempt: ended.attempt)] = nil
                }
            }
            let isSpent = state.runners[number]?.isCancelled ?? true
            if !isSpent, !state.isClosed, let attempt = state.waiting.popFirst() {
                state.runners[number]?.current = attempt
                if attempt.isStopped {
                    state.runners[number]?.isCancelled = true
                    state.runners[number]?.task?.cancel()
                }
                self.helpOut(&state)
                return (attempt, ended != nil, [])
            }
            state.runners[number] = nil
            self.helpOut(&state)
            guard state.isClosed, state.runners.isEmpty else { return (nil, ended != nil, []) }
            defer { state.closing = [] }
            return (nil, ended != nil, state.closing)
        }
        if isNews { self.signal.raise() }
        for continuation in closing { continuation.resume() }
        return attempt
    }

    /// Begins another runner when attempts wait and none is on its way.
    private func helpOut(_ state: inout State) {
        guard !state.waiting.isEmpty, !state.isStarting, !state.isClosed else { return }
        state.isStarting = true
        self.addRunner(&state)
    }
}
