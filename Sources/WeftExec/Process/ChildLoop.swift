// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What the thread of a ``ChildProcess`` does: moves bytes, keeps the time limits, and collects the process.
struct ChildLoop: Sendable {
    /// How much is read or written at once.
    private static let chunk = 64 * 1024
    /// How many chunks are read after the group was killed, in case somebody outside it keeps on writing.
    private static let lastChunks = 64

    let child: ChildProcess
    let wake: Int32
    let input: Int32?
    let output: Int32?
    let error: Int32?
    let progress: Int32?

    func run() {
        var input = self.input
        var outputs: [(stream: ChildProcess.Stream, descriptor: Int32)] = []
        if let output = self.output { outputs.append((.output, output)) }
        if let error = self.error { outputs.append((.error, error)) }
        if let progress = self.progress { outputs.append((.progress, progress)) }
        for descriptor in [self.wake, self.input, self.output, self.error, self.progress].compactMap({ $0 }) {
            _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        }
        var buffer = [UInt8](repeating: 0, count: Self.chunk)
        let clock = ContinuousClock()
        let limit = self.child.configuration.timeLimit.map { clock.now + $0 }
        var killing: ContinuousClock.Instant?
        var settling: ContinuousClock.Instant?

        while true {
            let (hasEnded, terminationGrace, wantsInput) = self.child.state.withLock { state in
                (state.hasLeaderEnded, state.terminationGrace, !state.pendingInput.isEmpty || state.isInputClosed)
            }
            let now = clock.now
            if let terminationGrace {
                killing = killing ?? now + terminationGrace
            } else if let limit, now >= limit {
                self.child.terminate(cause: .timeLimit)
                continue
            }
            if let killing, now >= killing { kill(-self.child.processID, SIGKILL) }
            if hasEnded {
                let end = settling ?? killing ?? now + self.child.configuration.settling
                settling = end
                if outputs.isEmpty || now >= end { break }
            }
            if wantsInput, let descriptor = input, !self.writeInput(to: descriptor) {
                close(descriptor)
                input = nil
            }

            var polled = [pollfd(fd: self.wake, events: Int16(POLLIN), revents: 0)]
            for output in outputs { polled.append(pollfd(fd: output.descriptor, events: Int16(POLLIN), revents: 0)) }
            if let input, wantsInput { polled.append(pollfd(fd: input, events: Int16(POLLOUT), revents: 0)) }
            // After the kill only the end of the outputs, or of the settling time, is waited for.
            let next = [
                hasEnded ? settling : nil, killing.flatMap { $0 > now ? $0 : nil },
                terminationGrace == nil ? limit : nil,
            ]
            .compactMap { $0 }.min()
            _ = poll(&polled, nfds_t(polled.count), next.map { Self.milliseconds(from: now, to: $0) } ?? -1)

            while read(self.wake, &buffer, buffer.count) > 0 {}
            outputs.removeAll { output in
                guard !self.readOnce(output.stream, output.descriptor, &buffer) else { return false }
                close(output.descriptor)
                return true
            }
        }
        self.finish(outputs, input: input, buffer: &buffer)
    }

    /// Kills what is left of the group, reads what is left in the pipes, and collects the process.
    private func finish(
        _ outputs: [(stream: ChildProcess.Stream, descriptor: Int32)], input: Int32?, buffer: inout [UInt8]
    ) {
        kill(-self.child.processID, SIGKILL)
        for output in outputs {
            var chunks = 0
            while chunks < Self.lastChunks, self.readSome(output.stream, output.descriptor, &buffer) > 0 { chunks += 1 }
            close(output.descriptor)
        }
        if let input { close(input) }
        self.child.configuration.willCollect(self.child.processID)
        let (exit, waiters) = self.child.state.withLock { state in
            var status: Int32 = 0
            // The process has ended, so this doesn't block; under the lock, because from here on its id may be reused.
            while waitpid(self.child.processID, &status, 0) < 0, errno == EINTR {}
            let signal = status & 0x7F
            let exit = ChildExit(
                status: signal == 0 ? .code((status >> 8) & 0xFF) : .signal(signal),
                cause: state.terminationCause ?? .own)
            state.exit = exit
            state.isInputClosed = true
            if let writer = state.wakeWriter { close(writer) }
            state.wakeWriter = nil
            let waiters = state.waiters
            state.waiters = []
            return (exit, waiters)
        }
        close(self.wake)
        for waiter in waiters { waiter.resume(returning: exit) }
    }

    /// Writes what fits; false when the input is finished, or when the program no longer reads it.
    private func writeInput(to descriptor: Int32) -> Bool {
        while true {
            let (chunk, isClosed) = self.child.state.withLock { ($0.pendingInput.prefix(Self.chunk), $0.isInputClosed) }
            guard !chunk.isEmpty else { return !isClosed }
            let count = chunk.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { return count < 0 && (errno == EAGAIN || errno == EINTR) }
            self.child.state.withLock { $0.pendingInput.removeFirst(count) }
        }
    }

    /// Reads once; false at the end of the stream.
    private func readOnce(_ stream: ChildProcess.Stream, _ descriptor: Int32, _ buffer: inout [UInt8]) -> Bool {
        let count = self.readSome(stream, descriptor, &buffer)
        return count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR))
    }

    private func readSome(_ stream: ChildProcess.Stream, _ descriptor: Int32, _ buffer: inout [UInt8]) -> Int {
        let count = read(descriptor, &buffer, buffer.count)
        if count > 0 { self.child.configuration.receive(stream, buffer[..<count]) }
        return count
    }

    private static func milliseconds(from now: ContinuousClock.Instant, to then: ContinuousClock.Instant) -> Int32 {
        let (seconds, attoseconds) = (then - now).components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        // Rounded up, so that the loop doesn't spin through the last millisecond.
        return Int32(
            clamping: Int64(clamping: seconds).multipliedReportingOverflow(by: 1000).partialValue &+ attoseconds
                / 1_000_000_000_000_000 + 1)
    }
}
