// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking
import WeftExec

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Writes to a descriptor on a thread of its own, so that a reader who stops reading stalls nobody else.
///
/// What piles up while the thread writes leaves as one piece; when idle, each line leaves at once. The pile is bounded:
/// a line that finds no room is dropped and counted.
final class BoundedWriter: Sendable {
    /// Enough for some 400,000 lines of events; beyond it a reader has surely stopped.
    static let defaultLimit = 64 * 1024 * 1024

    /// The process's standard output.
    static let output = BoundedWriter(descriptor: STDOUT_FILENO)
    /// The process's standard error.
    static let error = BoundedWriter(descriptor: STDERR_FILENO, limit: 1024 * 1024)

    private struct State {
        var pending: [UInt8] = []
        var isWriting = false
        var isBroken = false
        var failure: Int32?
        var dropped: UInt64 = 0
        var drainWaiters: [CheckedContinuation<Void, Never>] = []
        var breakWaiters: [CheckedContinuation<Void, Never>] = []
        var isAwake = true
    }

    private let descriptor: Int32
    private let limit: Int
    private let state = Locked(State())
    private let wakeReader: Int32
    private let wakeWriter: Int32

    init(descriptor: Int32, limit: Int = BoundedWriter.defaultLimit) {
        self.descriptor = descriptor
        self.limit = limit
        let ends = (try? Spawn.pipe()) ?? (reading: -1, writing: -1)
        self.wakeReader = ends.reading
        self.wakeWriter = ends.writing
        do {
            try startThread { [self] in self.run() }
        } catch {
            // Without a thread nothing can be printed, and nobody is left to tell.
            self.state.withLock { $0.isBroken = true }
        }
    }

    /// How many lines were dropped because the reader had stopped.
    var dropped: UInt64 { self.state.withLock { $0.dropped } }

    /// Whether nobody reads any more.
    var isBroken: Bool { self.state.withLock { $0.isBroken } }

    /// Why nothing can be written any more, when that is not for want of a reader: a full disk, say.
    var failure: String? {
        self.state.withLock { $0.failure }.map { String(cString: strerror($0)) }
    }

    /// Hands over a line, to which the line end is added; false when it was dropped.
    @discardableResult
    func line(_ text: String) -> Bool {
        self.write { bytes in
            bytes.append(contentsOf: text.utf8)
            bytes.append(UInt8(ascii: "\n"))
        }
    }

    /// Hands over what `body` appends; false when it was dropped.
    @discardableResult
    func write(_ body: (inout [UInt8]) -> Void) -> Bool {
        self.state.withLock { state in
            guard !state.isBroken, state.pending.count < self.limit else {
                state.dropped += state.isBroken ? 0 : 1
                return false
            }
            body(&state.pending)
            if !state.isAwake {
                state.isAwake = true
                self.wake()
            }
            return true
        }
    }

    /// Waits until everything handed over is written, or nobody reads any more.
    func drain() async {
        await withCheckedContinuation { continuation in
            let isDrained = self.state.withLock { state in
                if state.isBroken || (state.pending.isEmpty && !state.isWriting) { return true }
                state.drainWaiters.append(continuation)
                return false
            }
            if isDrained { continuation.resume() }
        }
    }

    /// Returns when the reader has closed its end; never, as long as it hasn't.
    func broken() async {
        await withCheckedContinuation { continuation in
            let isBroken = self.state.withLock { state in
                if state.isBroken { return true }
                state.breakWaiters.append(continuation)
                return false
            }
            if isBroken { continuation.resume() }
        }
    }

    private func wake() {
        var byte: UInt8 = 1
        _ = systemWrite(self.wakeWriter, &byte, 1)
    }

    private func run() {
        var chunk: [UInt8] = []
        var byte: UInt8 = 0
        while true {
            chunk.removeAll(keepingCapacity: chunk.capacity < 1024 * 1024)
            let drained = self.state.withLock { state in
                swap(&chunk, &state.pending)
                state.isWriting = !chunk.isEmpty
                state.isAwake = !chunk.isEmpty
                guard chunk.isEmpty else { return [CheckedContinuation<Void, Never>]() }
                defer { state.drainWaiters = [] }
                return state.drainWaiters
            }
            for waiter in drained { waiter.resume() }
            if chunk.isEmpty {
                // A pipe whose reader has gone shows an error also when nothing is written, so `| head -1` ends at once.
                var polled = [
                    pollfd(fd: self.wakeReader, events: Int16(POLLIN), revents: 0),
                    pollfd(fd: self.descriptor, events: 0, revents: 0),
                ]
                guard poll(&polled, 2, -1) >= 0 || errno == EINTR else { return self.fail() }
                if polled[0].revents & Int16(POLLIN) != 0 { _ = read(self.wakeReader, &byte, 1) }
                if polled[1].revents & Int16(POLLERR | POLLNVAL) != 0 { return self.fail() }
            } else if !self.writeAll(chunk) {
                return self.fail()
            }
        }
    }

    private func writeAll(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = systemWrite(self.descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count > 0 {
                    rest = rest.dropFirst(count)
                } else if count < 0, errno == EAGAIN {
                    // Somebody made the shared descriptor non-blocking.
                    var polled = pollfd(fd: self.descriptor, events: Int16(POLLOUT), revents: 0)
                    _ = poll(&polled, 1, -1)
                } else if count < 0, errno == EINTR {
                    continue
                } else {
                    let code = errno
                    // A reader who has gone, or never was there, is no failure; a disk that takes nothing is.
                    if [ENOSPC, EDQUOT, EFBIG, EIO].contains(code) { self.state.withLock { $0.failure = code } }
                    return false
                }
            }
            return true
        }
    }

    private func fail() {
        let waiters = self.state.withLock { state in
            state.isBroken = true
            state.pending = []
            defer {
                state.drainWaiters = []
                state.breakWaiters = []
            }
            return state.drainWaiters + state.breakWaiters
        }
        for waiter in waiters { waiter.resume() }
    }
}

/// `write`, whose name the class above uses for its own.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}
