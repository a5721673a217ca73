// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

// Handlers as a listener holds them. What depends on the types of their arguments is in closures that are made, and so
// compiled, where the handler is registered, for just these types: a witness table's methods would not be.

/// A handler that is called at once.
@usableFromInline
struct SyncTarget: Sendable {
    /// Calls the handler.
    ///
    /// Returns false for a one-time listener that another emit was quicker to call.
    @usableFromInline typealias Call = @Sendable (Emission, Listener, EventBus) throws -> Bool
    /// Calls the handler with arguments that are read here, if it needs nothing else of an event.
    ///
    /// Throws ``Undecodable`` when they do not fit.
    @usableFromInline typealias Read = @Sendable (inout ArgumentReader, Listener, EventBus) throws -> Bool

    let call: Call
    let read: Read?
    /// The handler, for those who know its type.
    let object: (any AnyObject & Sendable)?

    @usableFromInline
    init(_ object: (any AnyObject & Sendable)? = nil, read: Read? = nil, call: @escaping Call) {
        self.object = object
        self.read = read
        self.call = call
    }

    init(_ handler: @escaping @Sendable (EventRecord) throws -> Void) {
        self.init { emission, listener, bus in
            let record = try emission.record()
            guard bus.claim(listener) else { return false }
            try handler(record)
            return true
        }
    }
}

/// A handler that is awaited.
@usableFromInline
struct AsyncTarget: Sendable {
    /// Calls the handler; see ``SyncTarget/Call``.
    @usableFromInline typealias Call = @Sendable (Emission, Listener, EventBus) async throws -> Bool

    let call: Call
    /// The handler, for those who know its type.
    let object: (any AnyObject & Sendable)?

    @usableFromInline
    init(_ object: (any AnyObject & Sendable)? = nil, call: @escaping Call) {
        self.object = object
        self.call = call
    }

    init(_ handler: @escaping @isolated(any) @Sendable (EventRecord) async throws -> Void) {
        self.init { emission, listener, bus in
            let record = try emission.record()
            guard bus.claim(listener) else { return false }
            try await handler(record)
            return true
        }
    }
}

/// Arguments did not fit; what they are is known to who has the event.
@usableFromInline
struct Undecodable: Error {
    let reason: any Error
    let expected: String

    @usableFromInline
    init(_ reason: any Error, expected: String) {
        self.reason = reason
        self.expected = expected
    }
}
