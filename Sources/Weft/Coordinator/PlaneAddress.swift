// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftProtocol
import ZeroMQ

/// Where a coordinator's sink or a worker's PULL is bound, and what others dial.
struct PlaneAddress {
    /// What to bind, in the order in which it is tried.
    let candidates: [String]
    /// The host that others dial; nil for the one that is bound.
    let advertise: String?

    /// An address of one's own choice, or any on the loopback.
    init(bind: String?, advertise: String?) {
        self.candidates = [bind ?? "tcp://127.0.0.1:*"]
        self.advertise = advertise
    }

    /// The address beside a node's: so many ports above its control address.
    ///
    /// Ports that the node picked itself may have a stranger above them; then any free port will do, since the roster names it.
    init(of node: Node, portsAbove offset: UInt16) async {
        let control = await node.members().first.flatMap { try? Endpoint($0.record.control) }
        let wanted = node.configuration.bind.flatMap { try? Endpoint($0) }
        let host = node.core?.host ?? wanted?.address ?? "127.0.0.1"
        let port = control?.port.flatMap { UInt16(exactly: UInt32($0) + UInt32(offset)) }
        let beside = try? Endpoint.tcp(host: host, port: port)
        let any = try? Endpoint.tcp(host: host, port: nil)
        self.candidates = (wanted?.port == nil ? [beside, any] : [beside]).compactMap { $0?.description }
        self.advertise = node.configuration.advertise
    }

    /// Binds a socket.
    ///
    /// - Returns: What others dial.
    ///
    /// - Throws: ``NodeError`` that says what to do about it.
    func bind(_ socket: borrowing Socket) throws(NodeError) -> String {
        var failure: ZeroMQError?
        for candidate in self.candidates {
            do throws(ZeroMQError) {
                let bound = try socket.bind(candidate)
                guard let host = self.advertise else { return bound.description }
                return try bound.withHost(host).description
            } catch {
                let endpoint = try? Endpoint(candidate)
                failure = error.code == .addressInUse ? endpoint.map { .inUse($0, error) } ?? error : error
            }
        }
        throw NodeError(binding: failure ?? ZeroMQError(.invalidEndpoint, "there is no address to bind"))
    }
}
