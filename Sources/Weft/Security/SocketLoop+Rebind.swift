// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ZeroMQ

extension SocketLoop {
    /// Ends every connection that others have opened to a socket, and lets them come again.
    ///
    /// Messages that wait for a peer go out before its connection ends, for as long as the socket lingers. The port is free
    /// for a moment: libzmq closes it on a thread of its own, so binding may have to be tried again.
    ///
    /// - Parameters:
    ///   - id: Which socket.
    ///   - prepare: Sets options that count from the next bind on.
    func rebind(
        _ id: SocketID, _ prepare: (borrowing Socket) throws(ZeroMQError) -> Void
    ) throws(ZeroMQError) {
        let endpoint = try self.withSocket(id) { socket throws(ZeroMQError) in
            let endpoint = try Endpoint(try socket.get(.lastEndpoint))
            try prepare(socket)
            try socket.unbind(endpoint)
            return endpoint
        }
        self.bindAgain(id, at: endpoint)
    }

    private func bindAgain(_ id: SocketID, at endpoint: Endpoint) {
        do throws(ZeroMQError) {
            try self.bind(id, to: endpoint)
        } catch {
            // Closed meanwhile: nobody wants it any more.
            guard error.code != .closed else { return }
            self.schedule(after: NodeDefaults.rebindInterval) { [weak self] in self?.bindAgain(id, at: endpoint) }
        }
    }
}
