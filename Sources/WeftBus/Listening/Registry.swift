// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Who listens to what, in the order of registration.
struct Registry {
    private var exact: [EventName: [Listener]] = [:]
    private var patterns: [Listener] = []
    /// Who gets an event of a name that was asked for lately, at the place that its hash says; a change of
    /// registrations empties it, so that handlers do not outlive theirs.
    private var resolved: [Resolved] = []

    private struct Resolved {
        var name: EventName
        var listeners: [Listener]

        /// A name that nobody can emit.
        static let none = Resolved(name: "", listeners: [])
    }

    /// The listeners of a name, exact ones and patterns merged in their order.
    mutating func listeners(for name: EventName) -> [Listener] {
        let place = Int(name.hash) & (EventBus.Defaults.resolvedNames - 1)
        if self.resolved.isEmpty {
            self.resolved = Array(repeating: .none, count: EventBus.Defaults.resolvedNames)
        } else if self.resolved[place].name == name {
            return self.resolved[place].listeners
        }
        var listeners = self.exact[name] ?? []
        let matching = self.patterns.filter { $0.pattern.matches(name) }
        if !matching.isEmpty {
            listeners.append(contentsOf: matching)
            listeners.sort { $0.id < $1.id }
        }
        self.resolved[place] = Resolved(name: name, listeners: listeners)
        return listeners
    }

    /// Whether a name has listeners of its own, apart from patterns.
    func hasOwnListeners(_ name: EventName) -> Bool {
        self.exact[name] != nil
    }

    mutating func add(_ listener: Listener) {
        // Ids are handed out before the lock is taken, so a later one may come first.
        func insert(_ listener: Listener, into listeners: inout [Listener]) {
            let index = listeners.lastIndex { $0.id < listener.id }.map { $0 + 1 } ?? 0
            listeners.insert(listener, at: index)
        }
        self.forget(listener.pattern)
        switch listener.pattern.base {
        case .exact(let name):
            insert(listener, into: &self.exact[name, default: []])
        case .any, .namespace:
            insert(listener, into: &self.patterns)
        }
    }

    /// Removes a registration.
    ///
    /// - Returns: What was removed; nil if it was not there.
    mutating func remove(_ subscription: Subscription) -> Listener? {
        self.forget(subscription.pattern)
        switch subscription.pattern.base {
        case .exact(let name):
            guard var listeners = self.exact.removeValue(forKey: name) else { return nil }
            let index = listeners.firstIndex { $0.id == subscription.id }
            let removed = index.map { listeners.remove(at: $0) }
            if !listeners.isEmpty { self.exact[name] = listeners }
            return removed
        case .any, .namespace:
            guard let index = self.patterns.firstIndex(where: { $0.id == subscription.id }) else { return nil }
            return self.patterns.remove(at: index)
        }
    }

    /// Removes the registrations for exactly this pattern, or all.
    mutating func removeAll(_ pattern: EventPattern?) -> [Listener] {
        let removed = self.all(pattern)
        self.forget(pattern ?? .any)
        switch pattern?.base {
        case nil:
            self.exact.removeAll()
            self.patterns.removeAll()
        case .exact(let name): self.exact[name] = nil
        case .any, .namespace: self.patterns.removeAll { $0.pattern == pattern }
        }
        return removed
    }

    /// The registrations for exactly this pattern, or all.
    func all(_ pattern: EventPattern?) -> [Listener] {
        switch pattern?.base {
        case nil: self.exact.values.flatMap(\.self) + self.patterns
        case .exact(let name): self.exact[name] ?? []
        case .any, .namespace: self.patterns.filter { $0.pattern == pattern }
        }
    }

    /// The names with listeners of their own, in the order of their first ones.
    var names: [EventName] {
        self.exact.sorted { ($0.value.first?.id ?? 0) < ($1.value.first?.id ?? 0) }.map(\.key)
    }

    private mutating func forget(_ pattern: EventPattern) {
        guard !self.resolved.isEmpty else { return }
        if case .exact(let name) = pattern.base {
            self.resolved[Int(name.hash) & (EventBus.Defaults.resolvedNames - 1)] = .none
        } else {
            for place in self.resolved.indices { self.resolved[place] = .none }
        }
    }
}
