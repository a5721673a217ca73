// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

extension Socket {
    /// Makes the socket the server side of CURVE: set it before binding or connecting.
    ///
    /// Peers without keys are refused, and so is everyone while the context has no ``Authenticator``: libzmq alone
    /// would encrypt, but let every client in.
    ///
    /// - Parameters:
    ///   - keys: The server's keys; clients must know the public one.
    ///   - domain: By what the authenticator knows this socket; not empty.
    public func useCurve(server keys: CurveKeyPair, domain: String = "weft") throws(ZeroMQError) {
        guard !domain.isEmpty else {
            throw ZeroMQError(
                .invalidArgument, "the domain must not be empty: without one nobody is asked who may enter")
        }
        try self.set(.zapDomain, to: domain)
        try self.set(.zapEnforceDomain, to: true)
        try self.set(.curveServer, to: true)
        try self.set(.curvePublicKey, to: keys.publicKey.bytes)
        try self.set(.curveSecretKey, to: keys.secretKey.bytes)
    }

    /// Makes the socket the client side of CURVE: set it before binding or connecting.
    ///
    /// - Parameters:
    ///   - keys: The client's keys.
    ///   - serverKey: The public key of every server it connects to afterwards.
    public func useCurve(client keys: CurveKeyPair, serverKey: CurvePublicKey) throws(ZeroMQError) {
        try self.set(.curveServerKey, to: serverKey.bytes)
        try self.set(.curvePublicKey, to: keys.publicKey.bytes)
        try self.set(.curveSecretKey, to: keys.secretKey.bytes)
    }
}
