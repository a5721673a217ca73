// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ZeroMQ

/// A socket where copyable values are wanted.
final class SocketBox {
    let socket: Socket

    init(_ socket: consuming Socket) {
        self.socket = socket
    }
}
