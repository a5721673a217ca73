// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ZeroMQ

/// The PUSH socket to one worker.
struct DispatchLink {
    let socket: SocketID
    let endpoint: String
    /// The key that the worker's socket proves, where there are keys.
    var key: CurvePublicKey?
}
