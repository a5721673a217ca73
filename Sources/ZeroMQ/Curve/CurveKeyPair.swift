// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

internal import CZeroMQ

/// A CURVE key pair: who one is, and the proof of it.
public struct CurveKeyPair: Hashable, Sendable {
    /// What others know one by.
    public let publicKey: CurvePublicKey
    /// What proves it.
    public let secretKey: CurveSecretKey

    /// Makes a new pair.
    public init() throws(ZeroMQError) {
        var publicText = [CChar](repeating: 0, count: Z85.textLength + 1)
        var secretText = [CChar](repeating: 0, count: Z85.textLength + 1)
        guard zmq_curve_keypair(&publicText, &secretText) == 0 else { throw CurveKeyPair.missing() }
        self.publicKey = try CurvePublicKey(CurveKeyPair.string(publicText))
        self.secretKey = try CurveSecretKey(CurveKeyPair.string(secretText))
    }

    /// Finds the public key that belongs to a secret one.
    ///
    /// - Parameter secretKey: The secret key.
    public init(secretKey: CurveSecretKey) throws(ZeroMQError) {
        var publicText = [CChar](repeating: 0, count: Z85.textLength + 1)
        guard zmq_curve_public(&publicText, secretKey.revealed) == 0 else { throw CurveKeyPair.missing() }
        self.publicKey = try CurvePublicKey(CurveKeyPair.string(publicText))
        self.secretKey = secretKey
    }

    private static func string(_ text: [CChar]) -> String {
        String(decoding: text.prefix(Z85.textLength).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func missing() -> ZeroMQError {
        guard zmq_has("curve") == 1 else {
            return ZeroMQError(.curveMissing, "this libzmq was built without CURVE; install one built with libsodium")
        }
        return ZeroMQError.last("make a CURVE key")
    }
}
