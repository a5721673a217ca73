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

/// The lines of standard input, in batches as they come, read on a thread of their own.
///
/// The thread reads on only when the lines before have been taken, so a large file takes little memory.
struct InputLines: AsyncSequence, Sendable {
    /// One batch: the lines with their numbers, counted from 1; nil for a line that is too long.
    typealias Element = [(number: Int, bytes: [UInt8]?)]

    /// The longest line that is read.
    static let maximumLine = 16 * 1024 * 1024

    private let descriptor: Int32

    init(descriptor: Int32 = STDIN_FILENO) {
        self.descriptor = descriptor
    }

    func makeAsyncIterator() -> Iterator { Iterator(reader: Reader(descriptor: self.descriptor)) }

    struct Iterator: AsyncIteratorProtocol {
        fileprivate let reader: Reader

        mutating func next() async -> Element? { await self.reader.next() }
    }

    fileprivate final class Reader: Sendable {
        private struct State {
            var rest: [UInt8]? = []
            var number = 0
            var isAtEnd = false
        }

        private let descriptor: Int32
        private let state = Locked(State())

        init(descriptor: Int32) {
            self.descriptor = descriptor
        }

        /// One read at a time, on a thread: it may block for as long as the person at the terminal thinks.
        func next() async -> Element? {
            while !Task.isCancelled {
                let bytes = await self.read()
                let (lines, isAtEnd) = self.state.withLock { state in
                    let lines = Self.take(bytes, &state)
                    return (lines, state.isAtEnd)
                }
                if !lines.isEmpty { return lines }
                if isAtEnd { return nil }
            }
            return nil
        }

        private func read() async -> [UInt8] {
            let answer = Answer()
            return await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    answer.set(continuation)
                    do {
                        try startThread { [descriptor] in answer.resume(Self.readSome(descriptor)) }
                    } catch {
                        answer.resume([])
                    }
                }
            } onCancel: {
                answer.resume([])
            }
        }

        private static func readSome(_ descriptor: Int32) -> [UInt8] {
            [UInt8](unsafeUninitializedCapacity: 256 * 1024) { buffer, count in
                var result: Int
                repeat {
                    result = systemRead(descriptor, buffer.baseAddress, buffer.count)
                } while result < 0 && errno == EINTR
                count = Swift.max(0, result)
            }
        }

        private static func take(_ bytes: [UInt8], _ state: inout State) -> Element {
            var lines: Element = []
            var bytes = bytes[...]
            func add(_ bytes: ArraySlice<UInt8>) {
                guard let rest = state.rest else { return }
                state.rest = rest.count + bytes.count <= InputLines.maximumLine ? rest + bytes : nil
            }
            func endLine() {
                state.number += 1
                lines.append((state.number, state.rest))
                state.rest = []
            }
            if bytes.isEmpty {
                state.isAtEnd = true
                if state.rest != [] { endLine() }
            }
            while let end = bytes.firstIndex(of: UInt8(ascii: "\n")) {
                add(bytes[..<end])
                endLine()
                bytes = bytes[(end + 1)...]
            }
            add(bytes)
            return lines
        }
    }

    /// A continuation that is resumed once, by the thread or by cancellation.
    private final class Answer: Sendable {
        private struct State {
            var continuation: CheckedContinuation<[UInt8], Never>?
            var early: [UInt8]?
            var isDone = false
        }

        private let state = Locked(State())

        func set(_ continuation: CheckedContinuation<[UInt8], Never>) {
            let early: [UInt8]? = self.state.withLock { state in
                if let early = state.early { return early }
                state.continuation = continuation
                return nil
            }
            if let early { continuation.resume(returning: early) }
        }

        func resume(_ bytes: [UInt8]) {
            let continuation: CheckedContinuation<[UInt8], Never>? = self.state.withLock { state in
                guard !state.isDone else { return nil }
                state.isDone = true
                if state.continuation == nil { state.early = bytes }
                defer { state.continuation = nil }
                return state.continuation
            }
            continuation?.resume(returning: bytes)
        }
    }
}

private func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    read(descriptor, buffer, count)
}
