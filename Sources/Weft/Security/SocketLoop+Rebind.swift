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
    ///   - onTrouble: Told when the address can't be had again for longer than libzmq takes, and when it could be after all.
    ///   - prepare: Sets options that count from the next bind on.
    func rebind(
        _ id: SocketID, onTrouble: @escaping @Sendable (RebindTrouble) -> Void,
        _ prepare: (borrowing Socket) throws(ZeroMQError) -> Void
    ) throws(ZeroMQError) {
        let endpoint = try self.withSocket(id) { socket throws(ZeroMQError) in
            let endpoint = try Endpoint(try socket.get(.lastEndpoint))
            try prepare(socket)
            try socket.unbind(endpoint)
            return endpoint
        }
        self.bindAgain(id, at: endpoint, onTrouble: onTrouble)
    }

    /// Binds a socket, as soon as the address is free.
    func bindAgain(
        _ id: SocketID, at endpoint: Endpoint, _ pace: RebindPace = RebindPace(),
        onTrouble: @escaping @Sendable (RebindTrouble) -> Void
    ) {
        do throws(ZeroMQError) {
            try self.bind(id, to: endpoint)
            if pace.isTrouble { onTrouble(.over(endpoint)) }
        } catch {
            // Closed meanwhile: nobody wants it any more.
            guard error.code != .closed else { return }
            var pace = pace
            let pause = pace.failed()
            if pace.isFirstTrouble { onTrouble(.deaf(endpoint, error)) }
            self.schedule(after: pause) { [weak self, pace] in
                self?.bindAgain(id, at: endpoint, pace, onTrouble: onTrouble)
            }
        }
    }
}
