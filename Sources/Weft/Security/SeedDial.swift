// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ZeroMQ

/// An address of which nobody knows whose key answers there: it is tried with every trusted one.
///
/// A wrong key costs one connection, over which nothing is said: the server cannot read the greeting and hangs up. Likely keys come
/// first, and only when one of them has failed the others: usually there is one connection, and nothing to clear away.
struct SeedDial {
    let endpoint: String
    /// The sockets that are trying, with what each tries.
    private(set) var trying: [SocketID: Attempt] = [:]
    /// What was to be sent last, for sockets that begin later.
    var frame: [UInt8]?
    private var search: Search

    struct Attempt {
        let key: CurvePublicKey
        let name: String
    }

    /// How far the search has got; it outlives the link, which is opened anew as long as nobody answers.
    struct Search {
        /// What has not been tried.
        fileprivate var left: [Attempt]
        /// How many are tried at once, as long as none of those has failed.
        fileprivate var width: Int
        /// What has been, to be tried again: a server hangs up on the right key, too, while it starts or ends, or has no descriptors
        /// to spare.
        fileprivate var failed: [Attempt] = []
        fileprivate var round = 1
    }

    /// How many keys are tried at once: each takes a handful of descriptors.
    static let width = 32
    /// How often all keys are tried before it is believed that none of them is the right one.
    static let rounds = 3
    /// The same for nodes that look for the mesh without a limit of time.
    static let roundsOfServices = 20
    /// How soon they are all tried again.
    static let pause: Duration = .milliseconds(300)

    /// Begins a search.
    ///
    /// - Parameters:
    ///   - candidates: All keys, the likely ones first.
    ///   - likely: How many are likely.
    init(_ endpoint: String, candidates: [(key: CurvePublicKey, name: String)], likely: Int) {
        self.endpoint = endpoint
        self.search = Search(
            left: candidates.map { Attempt(key: $0.key, name: $0.name) },
            width: likely > 0 ? min(likely, Self.width) : Self.width)
    }

    /// Goes on with a search, with those of its keys that are still trusted and those that have come since.
    init(_ endpoint: String, continuing search: Search, candidates: [(key: CurvePublicKey, name: String)]) {
        self.endpoint = endpoint
        self.search = search
        let known = Set((search.left + search.failed).map(\.key))
        let owners = Dictionary(candidates, uniquingKeysWith: { first, _ in first })
        self.search.left = search.left.filter { owners[$0.key] == $0.name }
        self.search.failed = search.failed.filter { owners[$0.key] == $0.name }
        self.search.left += candidates.filter { !known.contains($0.key) }.map { Attempt(key: $0.key, name: $0.name) }
        if self.search.left.isEmpty { self.beginAgain() }
    }

    /// What a later link goes on with: what is being tried now has not failed.
    var unfinished: Search {
        var search = self.search
        search.left = self.trying.values.map { $0 } + search.left
        return search
    }

    /// Whether all keys have failed, in this round.
    var isExhausted: Bool { self.trying.isEmpty && self.search.left.isEmpty }
    /// How often all keys have been tried, this time included.
    var round: Int { self.search.round }

    /// All keys are tried once more.
    mutating func beginAgain() {
        self.search.round += 1
        self.search.left = self.search.failed
        self.search.failed = []
    }

    /// The next key to try, if there is room.
    mutating func next() -> Attempt? {
        guard self.trying.count < self.search.width, !self.search.left.isEmpty else { return nil }
        return self.search.left.removeFirst()
    }

    /// A socket tries a key.
    mutating func began(_ attempt: Attempt, on socket: SocketID) {
        self.trying[socket] = attempt
    }

    /// The one at the address has hung up on a key.
    mutating func failed(_ socket: SocketID) {
        guard let attempt = self.trying.removeValue(forKey: socket) else { return }
        self.search.width = Self.width
        self.search.failed.append(attempt)
    }
}
