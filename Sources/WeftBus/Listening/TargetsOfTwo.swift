// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

// Handlers of two arguments: the same as those of any number, without a parameter pack, because loops over packs are not
// unrolled.

/// A synchronous handler whose type can be asked for.
@usableFromInline
final class SyncHandlerOfTwo<First: Codable & Sendable, Second: Codable & Sendable>: Sendable {
    @usableFromInline let handler: @Sendable (First, Second) throws -> Void

    @inlinable
    init(_ handler: @escaping @Sendable (First, Second) throws -> Void) {
        self.handler = handler
    }
}

/// An asynchronous handler whose type can be asked for.
@usableFromInline
final class AsyncHandlerOfTwo<First: Codable & Sendable, Second: Codable & Sendable>: Sendable {
    @usableFromInline let handler: @isolated(any) @Sendable (First, Second) async throws -> Void

    @inlinable
    init(_ handler: @escaping @isolated(any) @Sendable (First, Second) async throws -> Void) {
        self.handler = handler
    }
}

extension SyncTarget {
    @inlinable
    init<First: Codable & Sendable, Second: Codable & Sendable>(
        _ handler: @escaping @Sendable (First, Second) throws -> Void
    ) {
        let read: Read = { arguments, listener, bus in
            let first: First
            let second: Second
            do {
                first = try arguments.next(First.self)
                second = try arguments.next(Second.self)
            } catch {
                throw Undecodable(error, expected: ArgumentBox<First, Second>.typeNames)
            }
            // Only now: an event that does not fit must not use up a one-time listener.
            guard !listener.isOnce || bus.claim(listener) else { return false }
            try handler(first, second)
            return true
        }
        self.init(SyncHandlerOfTwo(handler), read: read) { emission, listener, bus in
            guard let box = emission.values(of: ArgumentBox<First, Second>.self) else {
                var arguments = try emission.reader(for: ArgumentBox<First, Second>.typeNames)
                return try read(&arguments, listener, bus)
            }
            guard !listener.isOnce || bus.claim(listener) else { return false }
            try handler(box.values.0, box.values.1)
            return true
        }
    }
}

extension AsyncTarget {
    @inlinable
    init<First: Codable & Sendable, Second: Codable & Sendable>(
        _ handler: @escaping @isolated(any) @Sendable (First, Second) async throws -> Void
    ) {
        self.init(AsyncHandlerOfTwo(handler)) { emission, listener, bus in
            if let box = emission.values(of: ArgumentBox<First, Second>.self) {
                guard !listener.isOnce || bus.claim(listener) else { return false }
                try await handler(box.values.0, box.values.1)
                return true
            }
            let first: First
            let second: Second
            var arguments = try emission.reader(for: ArgumentBox<First, Second>.typeNames)
            do {
                first = try arguments.next(First.self)
                second = try arguments.next(Second.self)
            } catch {
                throw Undecodable(error, expected: ArgumentBox<First, Second>.typeNames)
            }
            guard !listener.isOnce || bus.claim(listener) else { return false }
            try await handler(first, second)
            return true
        }
    }
}
