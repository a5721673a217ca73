// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// The half of a key pair that others may know: it names its owner.
public struct CurvePublicKey: Hashable, Sendable, CustomStringConvertible {
    /// The 32 bytes.
    public let bytes: [UInt8]

    /// Reads a key from its text.
    ///
    /// - Parameter text: 40 characters of Z85.
    public init(_ text: String) throws(ZeroMQError) {
        self.bytes = try Z85.decode(text, "public key")
    }

    /// Takes a key as bytes.
    ///
    /// - Parameter bytes: 32 bytes.
    public init(bytes: [UInt8]) throws(ZeroMQError) {
        guard bytes.count == Z85.keyLength else {
            throw ZeroMQError(.invalidKey, "a CURVE public key has 32 bytes, not \(bytes.count)")
        }
        self.bytes = bytes
    }

    /// The key as 40 characters of Z85.
    public var text: String { Z85.encode(self.bytes) }

    /// The same as ``text``.
    public var description: String { self.text }
}
