// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

// Handlers of one argument: the same as those of any number, without a parameter pack, because loops over packs are not
// unrolled.

/// A synchronous handler whose type can be asked for.
@usableFromInline
final class SyncHandlerOfOne<First: Codable & Sendable>: Sendable {
    @usableFromInline let handler: @Sendable (First) throws -> Void

    @inlinable
    init(_ handler: @escaping @Sendable (First) throws -> Void) {
        self.handler = handler
    }
}

/// An asynchronous handler whose type can be asked for.
@usableFromInline
final class AsyncHandlerOfOne<First: Codable & Sendable>: Sendable {
    @usableFromInline let handler: @isolated(any) @Sendable (First) async throws -> Void

    @inlinable
    init(_ handler: @escaping @isolated(any) @Sendable (First) async throws -> Void) {
        self.handler = handler
    }
}

extension SyncTarget {
    @inlinable
    init<First: Codable & Sendable>(_ handler: @escaping @Sendable (First) throws -> Void) {
        let read: Read = { arguments, listener, bus in
            let first: First
            do {
                first = try arguments.next(First.self)
            } catch {
                throw Undecodable(error, expected: ArgumentBox<First>.typeNames)
            }
            // Only now: an event that does not fit must not use up a one-time listener.
            guard !listener.isOnce || bus.claim(listener) else { return false }
            try handler(first)
            return true
        }
        self.init(SyncHandlerOfOne(handler), read: read) { emission, listener, bus in
            guard let box = emission.values(of: ArgumentBox<First>.self) else {
                var arguments = try emission.reader(for: ArgumentBox<First>.typeNames)
                return try read(&arguments, listener, bus)
            }
            guard !listener.isOnce || bus.claim(listener) else { return false }
            try handler(box.values)
            return true
        }
    }
}

extension AsyncTarget {
    @inlinable
    init<First: Codable & Sendable>(_ handler: @escaping @isolated(any) @Sendable (First) async throws -> Void) {
        self.init(AsyncHandlerOfOne(handler)) { emission, listener, bus in
            if let box = emission.values(of: ArgumentBox<First>.self) {
                guard !listener.isOnce || bus.claim(listener) else { return false }
                try await handler(box.values)
                return true
            }
            let first: First
            var arguments = try emission.reader(for: ArgumentBox<First>.typeNames)
            do {
                first = try arguments.next(First.self)
            } catch {
                throw Undecodable(error, expected: ArgumentBox<First>.typeNames)
            }
            guard !listener.isOnce || bus.claim(listener) else { return false }
            try await handler(first)
            return true
        }
    }
}
