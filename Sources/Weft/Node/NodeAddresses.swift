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
        let mayLeaveMachine = configuration.isInsecure || configuration.keys != nil
        let remote = try Self.remoteSeed(of: configuration, mayLeaveMachine)
        var bind = try Self.endpoint(configuration.bind ?? "tcp://127.0.0.1:*", "--bind")
        guard bind.transport == .tcp else {
            throw NodeError(.address, "cannot bind to \(bind): a node needs a TCP address, as tcp://127.0.0.1:7400")
        }
        if let remote { bind = try Self.reachable(bind, from: remote, configuration) }
        if let port = bind.port, port > UInt16.max - 3 {
            throw NodeError(.address, "cannot bind to \(bind): a node uses this port and the three after it")
        }
        if bind.withPort(1).isWildcard, configuration.advertise == nil {
            throw NodeError(
                .advertise,
                "bound to \(bind), every interface: say with --advertise HOST (a name or an address of this machine) "
                    + "which one the others should dial")
        }
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
    }

    /// Checks the seeds.
    ///
    /// - Returns: The first on another machine, as far as its address says so.
    private static func remoteSeed(
        of configuration: Node.Configuration, _ mayLeaveMachine: Bool
    ) throws(NodeError) -> Endpoint? {
        var remote: Endpoint?
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
            if !endpoint.isLoopback { remote = remote ?? endpoint }
        }
        return remote
    }

    /// Where to bind so that members on other machines can dial this node: everyone dials everyone.
    private static func reachable(
        _ bind: Endpoint, from seed: Endpoint, _ configuration: Node.Configuration
    ) throws(NodeError) -> Endpoint {
        guard bind.isLoopback else { return bind }
        let local = seed.localHostTowards
        guard configuration.bind == nil else {
            // It is this machine after all.
            if let local, local == seed.address || (try? bind.withHost(local))?.isLoopback == true { return bind }
            // Something on this machine may pass on what comes from outside.
            if let host = configuration.advertise, let advertised = try? Endpoint.tcp(host: host, port: 1),
                !advertised.isLoopback
            {
                return bind
            }
            throw NodeError(
                .advertise,
                "bound to \(bind), which only this machine can dial, and \(seed) is on another one: everyone dials everyone; "
                    + "bind to an address of this machine that the others can dial (--bind tcp://HOST:PORT), or say with "
                    + "--advertise HOST which one leads here")
        }
        guard let host = local else {
            throw NodeError(
                .advertise,
                "cannot tell which address of this machine the members at \(seed) can dial, because its host is not known or no "
                    + "route leads there: is it right? Else say where to bind (--bind tcp://HOST:PORT)")
        }
        return (try? bind.withHost(host)) ?? bind
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
