// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

extension SyncTarget {
    @inlinable
    init<each Argument: Codable & Sendable>(many handler: @escaping @Sendable (repeat each Argument) throws -> Void) {
        let read: Read = { arguments, listener, bus in
            let values = try ArgumentBox<repeat each Argument>.read(&arguments)
            // Only now: an event that does not fit must not use up a one-time listener.
            guard !listener.isOnce || bus.claim(listener) else { return false }
            try handler(repeat each values)
            return true
        }
        self.init(read: read) { emission, listener, bus in
            guard let box = emission.values(of: ArgumentBox<repeat each Argument>.self) else {
                var arguments = try emission.reader(for: ArgumentBox<repeat each Argument>.typeNames)
                return try read(&arguments, listener, bus)
            }
            guard !listener.isOnce || bus.claim(listener) else { return false }
            try handler(repeat each box.values)
            return true
        }
    }
}

extension AsyncTarget {
    @inlinable
    init<each Argument: Codable & Sendable>(
        many handler: @escaping @isolated(any) @Sendable (repeat each Argument) async throws -> Void
    ) {
        self.init { emission, listener, bus in
            if let box = emission.values(of: ArgumentBox<repeat each Argument>.self) {
                guard !listener.isOnce || bus.claim(listener) else { return false }
                try await handler(repeat each box.values)
                return true
            }
            var arguments = try emission.reader(for: ArgumentBox<repeat each Argument>.typeNames)
            let values = try ArgumentBox<repeat each Argument>.read(&arguments)
            guard !listener.isOnce || bus.claim(listener) else { return false }
            try await handler(repeat each values)
            return true
        }
    }
}
