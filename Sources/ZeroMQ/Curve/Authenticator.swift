// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

internal import Locking

/// Decides who may connect to the CURVE servers of a context, by an allow-list of public keys.
///
/// It answers libzmq's authentication requests (ZAP, RFC 27) on a loop: yours, or one of its own. A context has one
/// authenticator at most, and everyone is refused until it is there: make it before the sockets bind. What an admitted
/// peer sends carries its user id, see ``Message/userID``.
public final class Authenticator: Sendable {
    /// A decision it took.
    public struct Decision: Sendable {
        /// The domain of the socket that was connected to.
        public let domain: String
        /// The address of the peer.
        public let address: String
        /// The key it proved to own; nil when it offered none.
        public let key: CurvePublicKey?
        /// Who it is; nil when it was refused.
        public let userID: String?
    }

    private struct State {
        var users: [CurvePublicKey: String]
        var allowed: UInt64 = 0
        var refused: UInt64 = 0
    }

    private let state: Locked<State>
    private let loop: SocketLoop
    private let socket: SocketID

    /// Starts to decide for a context.
    ///
    /// - Parameters:
    ///   - context: The context.
    ///   - users: Who may connect: public keys and the user ids that their messages carry.
    ///   - loop: The loop to answer on; nil starts a thread for it.
    ///   - onDecision: Called on the loop after each decision, to log and to count.
    public init(
        context: Context, users: [CurvePublicKey: String], loop: SocketLoop? = nil,
        onDecision: (@Sendable (Decision) -> Void)? = nil
    ) throws(ZeroMQError) {
        let state = Locked(State(users: users))
        var configuration = SocketLoop.Configuration()
        configuration.name = "zmq-zap"
        let running: SocketLoop
        if let loop { running = loop } else { running = try SocketLoop(context: context, configuration: configuration) }
        // A ROUTER and not a REP: several requests may be taken before the first is answered.
        let router = try context.socket(.router)
        do throws(ZeroMQError) {
            try router.bind("inproc://zeromq.zap.01")
        } catch {
            guard error.code == .addressInUse else { throw error }
            throw ZeroMQError(.addressInUse, "this context has an authenticator already; use that one")
        }
        self.state = state
        self.loop = running
        self.socket = try running.add(router) { id in
            SocketHandlers(onMessages: { [weak running] requests in
                for request in requests {
                    guard let running, let (reply, decision) = Authenticator.answer(request, state) else { continue }
                    running.send(reply, on: id)
                    onDecision?(decision)
                }
            })
        }
    }

    deinit {
        self.loop.close(self.socket)
    }

    /// Lets a key in from now on.
    ///
    /// - Parameters:
    ///   - key: The public key.
    ///   - userID: What its messages carry.
    public func allow(_ key: CurvePublicKey, as userID: String) {
        self.state.withLock { $0.users[key] = userID }
    }

    /// Lets a key in no more.
    ///
    /// Connections that are up stay up.
    ///
    /// - Parameter key: The public key.
    public func remove(_ key: CurvePublicKey) {
        self.state.withLock { _ = $0.users.removeValue(forKey: key) }
    }

    /// Lets in whom the list names from now on, and nobody else.
    ///
    /// Connections that are up stay up.
    ///
    /// - Parameter users: Public keys and the user ids that their messages carry.
    public func replace(_ users: [CurvePublicKey: String]) {
        self.state.withLock { $0.users = users }
    }

    /// How many connections were let in and how many were refused.
    public var counts: (allowed: UInt64, refused: UInt64) {
        self.state.withLock { ($0.allowed, $0.refused) }
    }

    /// A request: sender's id, empty, version, request id, domain, address, routing id, mechanism, credentials.
    private static func answer(_ request: Message, _ state: Locked<State>) -> (Message, Decision)? {
        guard let delimiter = request[1], delimiter.isEmpty, let version = request[2], let id = request[3],
            version == [UInt8]("1.0".utf8)
        else { return nil }
        let domain = Authenticator.text(request[4])
        let address = Authenticator.text(request[5])
        let mechanism = Authenticator.text(request[7])
        var key: CurvePublicKey?
        if mechanism == "CURVE", let bytes = request[8] { key = try? CurvePublicKey(bytes: bytes) }
        let user = state.withLock { [key] state -> String? in
            let user = key.flatMap { state.users[$0] }
            if user == nil { state.refused &+= 1 } else { state.allowed &+= 1 }
            return user
        }
        let (code, text) = user == nil ? ("400", "unknown key") : ("200", "OK")
        let frames = ["1.0", code, text, user ?? ""].map { [UInt8]($0.utf8) }
        let reply = Message(frames: [request.first, [], frames[0], id, frames[1], frames[2], frames[3], []])
        return (reply, Decision(domain: domain, address: address, key: key, userID: user))
    }

    private static func text(_ frame: [UInt8]?) -> String {
        String(decoding: frame ?? [], as: UTF8.self)
    }
}
