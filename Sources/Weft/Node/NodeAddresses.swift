// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftProtocol
import ZeroMQ

/// Where a node binds and where others dial it.
struct NodeAddresses {
    /// The control address to bind to; without a port one is picked.
    let bind: Endpoint
    private let advertisedHost: String

    /// Checks what was configured.
    init(_ configuration: Node.Configuration) throws(NodeError) {
        let bind = try Self.endpoint(configuration.bind ?? "tcp://127.0.0.1:*", "--bind")
        guard bind.transport == .tcp else {
            throw NodeError(.address, "cannot bind to \(bind): a node needs a TCP address, as tcp://127.0.0.1:7400")
        }
        if let port = bind.port, port > UInt16.max - 3 {
            throw NodeError(.address, "cannot bind to \(bind): a node uses this port and the three after it")
        }
        if bind.withPort(1).isWildcard, configuration.advertise == nil {
            throw NodeError(
                .advertise,
                "bound to \(bind), every interface: say with --advertise HOST (a name or an address of this machine) "
                    + "which one the others should dial")
        }
        let mayLeaveMachine = configuration.isInsecure || configuration.keys != nil
        guard bind.isLoopback || mayLeaveMachine else {
            throw NodeError(
                .insecure,
                "\(bind) can be reached from other machines, and this node has no keys: bind to 127.0.0.1, give it keys "
                    + "(--key-file, --trust), or allow links that anyone can read and join with --insecure")
        }
        self.bind = bind
        self.advertisedHost = configuration.advertise ?? bind.address
        // Said at start, not by the first peer that cannot dial it.
        guard let advertised = try? Endpoint.tcp(host: self.advertisedHost, port: 1), !advertised.isWildcard else {
            throw NodeError(.advertise, "'\(self.advertisedHost)' is no host that others can dial: see --advertise")
        }
        for seed in configuration.seeds {
            let endpoint = try Self.endpoint(seed, "--join")
            guard endpoint.transport == .tcp, !endpoint.isWildcard, endpoint.port != 0 else {
                throw NodeError(.address, "cannot join at \(seed): write it as tcp://HOST:PORT")
            }
            guard endpoint.isLoopback || mayLeaveMachine else {
                throw NodeError(
                    .insecure,
                    "\(seed) is on another machine, and this node has no keys: give it keys (--key-file, --trust), or allow links "
                        + "that anyone can read and join with --insecure")
            }
        }
    }

    /// What others dial for what is bound here.
    func advertised(_ bound: Endpoint) -> String {
        ((try? bound.withHost(self.advertisedHost)) ?? bound).description
    }

    private static func endpoint(_ text: String, _ option: String) throws(NodeError) -> Endpoint {
        do throws(ZeroMQError) {
            return try Endpoint(text)
        } catch {
            throw NodeError(.address, "\(option): \(error.message)")
        }
    }
}
