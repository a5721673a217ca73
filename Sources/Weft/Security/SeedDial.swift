// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ZeroMQ

/// An address of which nobody knows whose key answers there: it is tried with every trusted one.
///
/// A wrong key costs one connection, over which nothing is said: the server cannot read the greeting and hangs up.
struct SeedDial {
    let endpoint: String
    /// The sockets that are trying, with what each tries.
    var trying: [SocketID: Attempt] = [:]
    /// What has not been tried.
    var left: [(key: CurvePublicKey, name: String)]
    /// What was to be sent last, for sockets that begin later.
    var frame: [UInt8]?

    /// How often all keys have been tried, this time included.
    var round = 1

    struct Attempt {
        let key: CurvePublicKey
        let name: String
        var failures = 0
    }

    /// How many keys are tried at once.
    static let width = 16
    /// How often a handshake fails before the key is taken for another's: once may be a server that just went.
    static let failures = 2
    /// How often all keys are tried before it is believed that none of them is the right one.
    static let rounds = 3
    /// The same for nodes that look for the mesh without a limit of time.
    static let roundsOfServices = 20
    /// How soon they are all tried again.
    static let pause: Duration = .milliseconds(300)
}
