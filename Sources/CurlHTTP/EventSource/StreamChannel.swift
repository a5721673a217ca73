// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking

/// What arrives from a stream's transfer.
enum StreamSignal: Hashable, Sendable {
    case head(ResponseHead)
    case bytes([UInt8])
    case ended(HTTPError?)
}

/// The bounded queue between a stream's transfer and the one who reads it.
///
/// When it is full, the transfer rests, and the server is held back by TCP; taking what is queued resumes it.
final class StreamChannel: TransferSink {
    private struct State {
        var head: ResponseHead?
        var bytes: [UInt8] = []
        var isPaused = false
        var end: StreamSignal?
        var waiter: CheckedContinuation<Void, Never>?

        var isEmpty: Bool { self.head == nil && self.bytes.isEmpty && self.end == nil }

        mutating func takeWaiter() -> CheckedContinuation<Void, Never>? {
            defer { self.waiter = nil }
            return self.waiter
        }
    }

    private let state = Locked(State())
    private let limit: Int

    init(limit: Int) {
        self.limit = max(1, limit)
    }

    /// The next signal; after the last one, always that one.
    ///
    /// - Parameter resume: Called when a resting transfer may go on.
    func next(resume: @Sendable () -> Void) async -> StreamSignal {
        while true {
            let (signal, resumes) = self.take()
            if resumes {
                resume()
            }
            if let signal { return signal }
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let isReady = self.state.withLock { state in
                        if state.isEmpty {
                            state.waiter = continuation
                        }
                        return !state.isEmpty
                    }
                    if isReady {
                        continuation.resume()
                    }
                }
            } onCancel: {
                self.end(HTTPError(.cancelled, "the task that read the stream was cancelled"), dropsBytes: true)
            }
        }
    }

    /// Ends the stream from this side; the transfer is told to stop when it next has something.
    func end(_ error: HTTPError?, dropsBytes: Bool) {
        let waiter = self.state.withLock { state -> CheckedContinuation<Void, Never>? in
            if dropsBytes {
                state.head = nil
                state.bytes = []
                state.end = .ended(error)
            } else if state.end == nil {
                state.end = .ended(error)
            }
            return state.takeWaiter()
        }
        waiter?.resume()
    }

    func received(_ head: ResponseHead) -> SinkVerdict {
        let waiter = self.state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.end == nil else { return nil }
            state.head = head
            return state.takeWaiter()
        }
        waiter?.resume()
        return .taken
    }

    func received(_ bytes: UnsafeRawBufferPointer) -> SinkVerdict {
        let (verdict, waiter) = self.state.withLock { state -> (SinkVerdict, CheckedContinuation<Void, Never>?) in
            guard state.end == nil else {
                return (.abort(HTTPError(.cancelled, "the reader of the stream has left")), nil)
            }
            // One piece is always taken, however small the limit.
            guard state.bytes.isEmpty || state.bytes.count + bytes.count <= self.limit else {
                state.isPaused = true
                return (.pause, nil)
            }
            state.bytes.append(contentsOf: bytes)
            return (.taken, state.takeWaiter())
        }
        waiter?.resume()
        return verdict
    }

    func finished(_ error: HTTPError?) {
        self.end(error, dropsBytes: false)
    }

    private func take() -> (StreamSignal?, resumes: Bool) {
        self.state.withLock { state in
            if let head = state.head {
                state.head = nil
                return (.head(head), false)
            }
            if !state.bytes.isEmpty {
                defer {
                    state.bytes = []
                    state.isPaused = false
                }
                return (.bytes(state.bytes), state.isPaused)
            }
            return (state.end, false)
        }
    }
}
