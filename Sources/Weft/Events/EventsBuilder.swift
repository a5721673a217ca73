// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Makes the list of handlers of an ``Events`` from ``OnTask``, ``OnBoot`` and ``OnShutdown``, with `if` and `for` if need be.
@resultBuilder
public enum EventsBuilder {
    /// Takes a handler of tasks.
    public static func buildExpression(_ handler: OnTask) -> [EventsComponent] {
        [EventsComponent(kind: .task(handler.handler))]
    }

    /// Takes a boot handler.
    public static func buildExpression(_ handler: OnBoot) -> [EventsComponent] {
        [EventsComponent(kind: .boot(handler))]
    }

    /// Takes a shutdown handler.
    public static func buildExpression(_ handler: OnShutdown) -> [EventsComponent] {
        [EventsComponent(kind: .shutdown(handler))]
    }

    /// Takes a list made elsewhere by a function marked `@EventsBuilder`.
    public static func buildExpression(_ components: [EventsComponent]) -> [EventsComponent] {
        components
    }

    /// Joins the entries of a block.
    public static func buildBlock(_ components: [EventsComponent]...) -> [EventsComponent] {
        components.flatMap { $0 }
    }

    /// Takes an `if` without an `else`.
    public static func buildOptional(_ components: [EventsComponent]?) -> [EventsComponent] {
        components ?? []
    }

    /// Takes the first branch of an `if`.
    public static func buildEither(first components: [EventsComponent]) -> [EventsComponent] {
        components
    }

    /// Takes the other branch of an `if`.
    public static func buildEither(second components: [EventsComponent]) -> [EventsComponent] {
        components
    }

    /// Takes a `for`.
    public static func buildArray(_ components: [[EventsComponent]]) -> [EventsComponent] {
        components.flatMap { $0 }
    }
}
