// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
public import WeftProtocol
import WeftValue
package import ZeroMQ

/// A node's own key: a file that only its owner can read.
///
/// `weft keys new NAME` writes two files: `NAME.key`, which stays where it is, and `NAME.pub`, which goes into the trust
/// directory of everyone who is to let this node in.
public struct KeyFile: Sendable {
    /// What the file of a key ends with.
    public static let keySuffix = ".key"
    /// What the file of a public key ends with.
    public static let publicSuffix = ".pub"

    /// Whose key it is: the stable name of every node that uses it.
    public let name: String
    package let pair: CurveKeyPair

    /// The public key, as 40 characters of Z85.
    public var publicKey: String { self.pair.publicKey.text }

    /// Reads a key file.
    ///
    /// - Throws: ``TrustError`` that names the file; with code `permissions` when anybody else could read it.
    public static func read(_ path: String) throws(TrustError) -> KeyFile {
        let bytes: [UInt8]
        do throws(TrustError) {
            bytes = try SmallFile.contents(of: path) { stamp throws(TrustError) in
                guard stamp.isOwn else {
                    throw TrustError(.permissions, "belongs to somebody else; a key must be one's own")
                }
                guard !stamp.isOpenToOthers else {
                    throw TrustError(
                        .permissions,
                        "can be read or written by others (\(stamp.permissions)); run: chmod 600 \(path)")
                }
            }
        } catch {
            throw TrustError(error.code, "the key file \(path) \(error.message)")
        }
        do throws(TrustError) {
            return try KeyFile(json: bytes)
        } catch {
            throw TrustError(error.code, "the key file \(path) \(error.message)")
        }
    }

    /// What comes of making a key.
    public struct Made: Sendable {
        /// The key.
        public let key: KeyFile
        /// Where the secret half is.
        public let keyPath: String
        /// Where the public half is.
        public let publicPath: String
    }

    /// Makes a key and writes both files; neither may be there yet.
    ///
    /// - Parameters:
    ///   - name: The node's stable name.
    ///   - roles: What it may do.
    ///   - directory: Where the files go; made, for its owner alone, when it is not there.
    ///   - former: The keys that the node has had until now, with when they stop to count.
    /// - Throws: ``TrustError``; nothing is left behind then.
    public static func make(
        name: String, roles: Set<NodeRole>, in directory: String, former: [TrustedKey] = []
    ) throws(TrustError) -> Made {
        try TrustEntry.check(name: name)
        let pair: CurveKeyPair
        do throws(ZeroMQError) {
            pair = try CurveKeyPair()
        } catch {
            throw TrustError(.unreadable, error.message)
        }
        let key = KeyFile(name: name, pair: pair)
        let keys = ([TrustedKey(key.publicKey)] + former).prefix(TrustEntry.maximumKeys)
        let entry = TrustEntry(name: name, roles: roles.subtracting([.peer]), keys: Array(keys))
        let folder = directory.isEmpty ? "." : directory
        if !FileManager.default.fileExists(atPath: folder) {
            do {
                try FileManager.default.createDirectory(
                    atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            } catch {
                throw TrustError(.unreadable, "the directory \(folder) cannot be made: \(error)")
            }
        }
        let base = folder + "/" + name
        let (keyPath, publicPath) = (base + self.keySuffix, base + self.publicSuffix)
        try self.create(publicPath, entry.json, 0o644)
        do throws(TrustError) {
            try self.create(keyPath, key.json, 0o600)
        } catch {
            try? FileManager.default.removeItem(atPath: publicPath)
            throw error
        }
        return Made(key: key, keyPath: keyPath, publicPath: publicPath)
    }

    private static func create(_ path: String, _ text: String, _ permissions: UInt32) throws(TrustError) {
        do throws(TrustError) {
            try SmallFile.create(path, text, permissions: .init(permissions))
        } catch {
            throw TrustError(error.code, "\(path) \(error.message)")
        }
    }

    init(name: String, pair: CurveKeyPair) {
        self.name = name
        self.pair = pair
    }

    init(json bytes: [UInt8]) throws(TrustError) {
        // What is wrong is said without what is there: it may be the secret, with a slip of the pen.
        guard let members = (try? Value(json: bytes))?.objectValue, let name = members["name"]?.stringValue,
            let publicText = members["public"]?.stringValue, let secretText = members["secret"]?.stringValue
        else { throw TrustError(.malformed, "is not an object with 'name', 'public' and 'secret'") }
        try TrustEntry.check(name: name)
        guard let secret = try? CurveSecretKey(secretText), let pair = try? CurveKeyPair(secretKey: secret) else {
            throw TrustError(.malformed, "has a 'secret' that is no CURVE key")
        }
        guard pair.publicKey.text == publicText else {
            throw TrustError(.malformed, "has a 'public' key that does not belong to its secret one")
        }
        self.init(name: name, pair: pair)
    }

    var json: String {
        Value.object([
            "name": .string(self.name), "public": .string(self.publicKey),
            "secret": .string(self.pair.secretKey.revealed),
        ]).json(pretty: true) + "\n"
    }
}
