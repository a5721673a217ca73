// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import WeftValue

/// A node that is trusted: its keys, and what it may do.
///
/// ```json
/// {
///   "keys": [
///     {"key": "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"},
///     {"key": "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID", "until": "2026-12-01T00:00:00Z"}
///   ],
///   "roles": ["worker"]
/// }
/// ```
public struct TrustEntry: Hashable, Sendable {
    /// How many keys one node may have at a time: the one in use, the one before, and room for a mistake.
    public static let maximumKeys = 8
    /// How long a node's name may be: ZAP's user ids have at most 255 bytes.
    public static let maximumName = 200

    /// The node's stable name.
    public var name: String
    /// What it may do beside passing events, which all may.
    public var roles: Set<NodeRole>
    /// Its keys: the newest first.
    public var keys: [TrustedKey]

    /// Creates an entry.
    public init(name: String, roles: Set<NodeRole> = [], keys: [TrustedKey]) {
        self.name = name
        self.roles = roles
        self.keys = keys
    }

    /// Reads an entry from JSON.
    ///
    /// - Throws: ``TrustError`` that says what is wrong with it.
    public init(name: String, json bytes: [UInt8]) throws(TrustError) {
        try Self.check(name: name)
        let value: Value
        do {
            value = try Value(json: bytes)
        } catch {
            throw TrustError(.malformed, "it is not JSON: \(error)")
        }
        guard let members = value.objectValue else { throw TrustError(.malformed, "it must be an object") }
        for key in members.keys.sorted() where key != "keys" && key != "roles" {
            throw TrustError(.malformed, "'\(key.prefix(40))' means nothing here; known are keys, roles")
        }
        guard let list = members["keys"]?.arrayValue, !list.isEmpty, list.count <= Self.maximumKeys else {
            throw TrustError(.malformed, "'keys' must be an array of 1 to \(Self.maximumKeys) objects")
        }
        var keys: [TrustedKey] = []
        for item in list { keys.append(try Self.key(item)) }
        var roles: Set<NodeRole> = []
        if let value = members["roles"] {
            guard let list = value.arrayValue else { throw TrustError(.malformed, "'roles' must be an array") }
            for item in list {
                guard let role = item.stringValue.map({ NodeRole(name: $0) }), NodeRole.known.contains(role) else {
                    let known = NodeRole.known.sorted().map(\.name).joined(separator: ", ")
                    throw TrustError(.malformed, "'roles' has something that is no role; known are \(known)")
                }
                roles.insert(role)
            }
        }
        self.init(name: name, roles: roles, keys: keys)
    }

    /// The entry as JSON, to write it to a file.
    public var json: String {
        let keys = self.keys.map { key -> Value in
            guard let until = key.until else { return ["key": .string(key.text)] }
            return ["key": .string(key.text), "until": .string(until.rfc3339Microseconds)]
        }
        let roles = self.roles.sorted().map { Value.string($0.name) }
        return Value.object(["keys": .array(keys), "roles": .array(roles)]).json(pretty: true) + "\n"
    }

    /// Whether it may have all of these roles.
    public func mayHave(_ roles: Set<NodeRole>) -> Bool {
        roles.allSatisfy { $0 == .peer || self.roles.contains($0) }
    }

    /// Checks that a name can be that of a file and of a user.
    ///
    /// - Throws: ``TrustError``.
    public static func check(name: String) throws(TrustError) {
        guard (1...Self.maximumName).contains(name.utf8.count), !name.hasPrefix("."),
            name.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F && $0 != "/" })
        else {
            throw TrustError(
                .malformed,
                "a node's name with a key has 1 to \(Self.maximumName) bytes, no '/', no blanks, and no dot in front")
        }
    }

    private static func key(_ value: Value) throws(TrustError) -> TrustedKey {
        guard let members = value.objectValue, let text = members["key"]?.stringValue, text.utf8.count == 40 else {
            throw TrustError(.malformed, "'keys' has something that is not an object with a 'key' of 40 characters")
        }
        for key in members.keys.sorted() where key != "key" && key != "until" {
            throw TrustError(.malformed, "'\(key.prefix(40))' of a key means nothing; known are key, until")
        }
        guard let until = members["until"] else { return TrustedKey(text) }
        guard let date = until.stringValue.flatMap({ Date(rfc3339: $0) }) else {
            throw TrustError(.malformed, "'until' of a key must be a time as 2026-12-01T00:00:00Z")
        }
        return TrustedKey(text, until: date)
    }
}
