// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials

/// Everyone who is trusted.
public struct TrustList: Hashable, Sendable {
    /// By name.
    public private(set) var entries: [String: TrustEntry] = [:]

    /// Trusts nobody.
    public init() {}

    /// Creates a list.
    ///
    /// - Throws: ``TrustError`` with code `duplicate` when two nodes have the same key: nobody could tell them apart.
    public init(_ entries: some Sequence<TrustEntry>) throws(TrustError) {
        var owners: [String: String] = [:]
        for entry in entries {
            for key in entry.keys {
                if let other = owners[key.text], other != entry.name {
                    throw TrustError(.duplicate, "\(other) and \(entry.name) have the same key; give each its own")
                }
                owners[key.text] = entry.name
            }
            self.entries[entry.name] = entry
        }
    }

    /// The list without the keys that count no more, and without those who have none left.
    public func valid(at now: Date) -> TrustList {
        var list = TrustList()
        for (name, entry) in self.entries {
            var entry = entry
            entry.keys.removeAll { !$0.isValid(at: now) }
            if !entry.keys.isEmpty { list.entries[name] = entry }
        }
        return list
    }

    /// Who is trusted under a name.
    public subscript(name: String) -> TrustEntry? { self.entries[name] }

    /// All keys, with the names of their owners.
    public var owners: [String: String] {
        var owners: [String: String] = [:]
        for entry in self.entries.values { for key in entry.keys { owners[key.text] = entry.name } }
        return owners
    }

    /// All keys in the order in which a stranger's address is tried: coordinators first, since most join at one.
    public var ordered: [(key: String, name: String)] {
        self.entries.values
            .sorted {
                let (left, right) = ($0.roles.contains(.coordinator), $1.roles.contains(.coordinator))
                return left == right ? $0.name < $1.name : left
            }
            .flatMap { entry in entry.keys.map { ($0.text, entry.name) } }
    }
}
