// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftProtocol

/// Who a node is and whom it lets in: a key of its own and a directory of the public keys of the others.
///
/// A node with keys speaks CURVE on all its sockets, lets in nobody whose key is not in the directory, and never talks to
/// anybody without keys. Both are read again when they change; see `docs/security.md`.
public struct NodeKeys: Sendable {
    /// How often the files are looked at.
    public static let reloadInterval: Duration = .seconds(1)

    /// The file of the node's own key, see ``KeyFile``.
    public let keyFile: String
    /// The directory of those who are trusted, see ``TrustDirectory``.
    public let trustDirectory: String
    /// How often the files are looked at.
    public var reloadInterval = Self.reloadInterval
    /// The name that the key stands for, which is the node's.
    public let name: String

    /// Reads the key, so that what is wrong with it is said at once.
    ///
    /// - Throws: ``TrustError``.
    public init(keyFile: String, trustDirectory: String) throws(TrustError) {
        self.keyFile = keyFile
        self.trustDirectory = trustDirectory
        self.name = try KeyFile.read(keyFile).name
    }
}
