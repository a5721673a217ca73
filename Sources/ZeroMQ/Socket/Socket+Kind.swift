// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

internal import CZeroMQ

extension Socket {
    /// What pattern a socket takes part in.
    public enum Kind: String, CaseIterable, Sendable {
        /// Sends to whoever subscribes; drops for those who cannot keep up.
        case pub
        /// Receives what it subscribed to.
        case sub
        /// A PUB that also receives its peers' subscriptions.
        case xpub
        /// A SUB that subscribes by sending.
        case xsub
        /// Sends to one of its peers in turn.
        case push
        /// Receives from its peers in turn.
        case pull
        /// Sends and receives in turn, with queues of its own.
        case dealer
        /// Receives with the sender's routing id in front, and sends by it.
        case router
        /// Sends a request, then receives the reply.
        case req
        /// Receives a request, then sends the reply.
        case rep
        /// One peer, both ways.
        case pair

        var number: Int32 {
            switch self {
            case .pub: ZMQ_PUB
            case .sub: ZMQ_SUB
            case .xpub: ZMQ_XPUB
            case .xsub: ZMQ_XSUB
            case .push: ZMQ_PUSH
            case .pull: ZMQ_PULL
            case .dealer: ZMQ_DEALER
            case .router: ZMQ_ROUTER
            case .req: ZMQ_REQ
            case .rep: ZMQ_REP
            case .pair: ZMQ_PAIR
            }
        }
    }
}
