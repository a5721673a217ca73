// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// What is left of an emit that can wait, after what could be done at once.
///
/// What can be done at once is not in an asynchronous function: to begin one costs as much as the rest of an emit.
@usableFromInline
enum EmitRest {
    /// All of it.
    case all
    /// The listeners from a place in their order on.
    case listeners(EventBus.BegunAtOnce, at: Int)
    /// The same, after a handler that has thrown.
    case failure(any Error, EventBus.BegunAtOnce, at: Int)
}
