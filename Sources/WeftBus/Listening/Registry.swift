// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Who listens to what, in the order of registration.
struct Registry {
    private var exact: [EventName: [Listener]] = [:]
    private var patterns: [Listener] = []
    /// Who gets an event, by name; forgotten when a registration changes it.
    private var resolved: [EventName: [Listener]] = [:]

    /// The listeners of a name, exact ones and patterns merged in their order.
    mutating func listeners(for name: EventName) -> [Listener] {
        if let known = self.resolved[name] { return known }
        var listeners = self.exact[name] ?? []
        let matching = self.patterns.filter { $0.pattern.matches(name) }
        if !matching.isEmpty {
            listeners.append(contentsOf: matching)
            listeners.sort { $0.id < $1.id }
        }
        if self.resolved.count >= EventBus.Defaults.resolvedNames { self.resolved.removeAll(keepingCapacity: true) }
        self.resolved[name] = listeners
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
        switch listener.pattern.base {
        case .exact(let name):
            insert(listener, into: &self.exact[name, default: []])
            self.resolved[name] = nil
        case .any, .namespace:
            insert(listener, into: &self.patterns)
            self.resolved.removeAll(keepingCapacity: true)
        }
    }

    /// Removes a registration.
    ///
    /// - Returns: What was removed; nil if it was not there.
    mutating func remove(_ subscription: Subscription) -> Listener? {
        switch subscription.pattern.base {
        case .exact(let name):
            guard var listeners = self.exact.removeValue(forKey: name) else { return nil }
            let index = listeners.firstIndex { $0.id == subscription.id }
            let removed = index.map { listeners.remove(at: $0) }
            if !listeners.isEmpty { self.exact[name] = listeners }
            if removed != nil { self.resolved[name] = nil }
            return removed
        case .any, .namespace:
            guard let index = self.patterns.firstIndex(where: { $0.id == subscription.id }) else { return nil }
            self.resolved.removeAll(keepingCapacity: true)
            return self.patterns.remove(at: index)
        }
    }

    /// Removes the registrations for exactly this pattern, or all.
    mutating func removeAll(_ pattern: EventPattern?) -> [Listener] {
        let removed = self.all(pattern)
        self.resolved.removeAll(keepingCapacity: true)
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
}
