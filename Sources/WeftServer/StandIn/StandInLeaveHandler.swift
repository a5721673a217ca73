// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Notices that a client has closed its side of a connection, before anything is written to it in vain.
///
/// It stands in front of all other handlers. Reading the rest of the request instead would do the same, but what the
/// server framework has for that traps when a request ends too early.
final class StandInLeaveHandler: ChannelInboundHandler, RemovableChannelHandler, Sendable {
    typealias InboundIn = NIOAny

    private let onLeave: @Sendable () -> Void

    init(onLeave: @escaping @Sendable () -> Void) {
        self.onLeave = onLeave
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed { self.onLeave() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.onLeave()
        context.fireChannelInactive()
    }
}
