// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ZeroMQ

extension Endpoint {
    /// An address that another node says it can be reached at.
    ///
    /// Others are dialled over tcp only: what they say must not reach a file or a socket inside this process.
    ///
    /// - Throws: ``ZeroMQError`` with code `invalidEndpoint`.
    init(advertised text: String) throws(ZeroMQError) {
        let endpoint = try Endpoint(text)
        guard endpoint.transport == .tcp, !endpoint.isWildcard else {
            throw ZeroMQError(.invalidEndpoint, "'\(text)' is not an address that others can dial: use tcp://HOST:PORT")
        }
        self = endpoint
    }
}
