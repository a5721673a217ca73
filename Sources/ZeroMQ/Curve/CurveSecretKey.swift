// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// The half of a key pair that only its owner knows.
///
/// Printing it shows nothing of it.
public struct CurveSecretKey: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    let bytes: [UInt8]

    /// Reads a key from its text.
    ///
    /// - Parameter text: 40 characters of Z85.
    public init(_ text: String) throws(ZeroMQError) {
        self.bytes = try Z85.decode(text, "secret key")
    }

    /// The key as 40 characters of Z85, to write it to a file that only its owner can read.
    public var revealed: String { Z85.encode(self.bytes) }

    /// Says what it is and shows nothing of it.
    public var description: String { "(secret key)" }

    /// Says what it is and shows nothing of it.
    public var debugDescription: String { self.description }

    /// Shows nothing of it.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
