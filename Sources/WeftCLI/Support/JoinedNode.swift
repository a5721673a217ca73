// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Weft
import WeftBus
import WeftProtocol

extension Node {
    /// Runs `body` with a node that has joined, and says goodbye in every case.
    ///
    /// - Parameters:
    ///   - configuration: The node's settings.
    ///   - other: The settings to take when the address in the first ones is in use.
    ///   - waitingForJoin: Whether `body` begins when the node has joined; otherwise when it is bound.
    /// - Throws: ``CommandFailure`` when it can't join, and what `body` throws.
    static func joined<Result: Sendable>(
        _ configuration: Configuration, orElse other: Configuration? = nil, waitingForJoin: Bool = true,
        _ body: @escaping @Sendable (Node) async throws -> Result
    ) async throws -> Result {
        var node = Node(configuration: configuration)
        var waiting = Task { [node] in try await node.sayThatItWaits() }
        defer { waiting.cancel() }
        do {
            do throws(NodeError) {
                try await node.start(waitingForJoin: waitingForJoin)
            } catch {
                guard let other, error.code == .addressInUse else { throw error }
                node = Node(configuration: other)
                waiting.cancel()
                waiting = Task { [node] in try await node.sayThatItWaits() }
                try await node.start(waitingForJoin: waitingForJoin)
            }
        } catch {
            throw CommandFailure(joining: error)
        }
        waiting.cancel()
        if waitingForJoin { await node.sayWhoIsLeftOut() }
        node.onDrain { Signals.shared.stop() }
        do {
            let result = try await node.untilRefused(body)
            await node.stop()
            return result
        } catch {
            await node.stop()
            throw error
        }
    }

    /// Runs something until everybody refuses the node, which cancels it.
    private func untilRefused<Result: Sendable>(
        _ body: @escaping @Sendable (Node) async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask { try await body(self) }
            group.addTask {
                do throws(NodeError) {
                    try await self.waitUntilRefused()
                } catch {
                    throw CommandFailure(joining: error)
                }
                return nil
            }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let result { return result }
            }
            throw CancellationError()
        }
    }

    /// Returns when the node, started without waiting for that, has joined; meanwhile it says that it waits.
    ///
    /// - Throws: ``CommandFailure`` when it can't join.
    func waitUntilJoinedSayingSo() async throws {
        let waiting = Task { try await self.sayThatItWaits() }
        defer { waiting.cancel() }
        do throws(NodeError) {
            try await self.waitUntilJoined()
        } catch {
            guard error.code != .state else { return }
            throw CommandFailure(joining: error)
        }
        await self.sayWhoIsLeftOut()
    }

    /// Warns of members that live and with which events don't pass both ways; one that is silent may just be dying.
    private func sayWhoIsLeftOut() async {
        for member in await self.members() where member.isLeftOut && member.state == .alive {
            BoundedWriter.error.line(
                "weft: joined without \(Terminal.safe(member.record.name)): it lives, and events do not pass both ways between it at "
                    + "\(Terminal.safe(member.record.control)) and this node; is that address right (--advertise), and do firewalls "
                    + "let its port and the three after it through?")
        }
    }

    /// Tells whoever watches a command that joins without a limit of time why nothing happens.
    private func sayThatItWaits() async throws {
        guard self.configuration.joinTimeout == nil, !self.configuration.seeds.isEmpty else { return }
        try await Task.sleep(for: .seconds(3))
        let found = await self.members().filter { $0.state == .alive || $0.state == .suspect }
        let seeds = self.configuration.seeds.joined(separator: ", ")
        BoundedWriter.error.line(
            found.isEmpty
                ? "weft: no member of the mesh has answered at \(seeds) yet; still trying"
                : "weft: events do not pass both ways yet with "
                    + found.map { Terminal.safe($0.record.name) }.joined(separator: ", ") + "; still trying")
    }
}

extension CommandFailure {
    /// Why a node could not be started or join, as an exit status.
    init(joining error: any Error) {
        switch error {
        case let failure as CommandFailure: self = failure
        case is CancellationError: self.init(.interrupted)
        case let error as NodeError:
            let status: ExitStatus =
                switch error.code {
                case .join: error.mesh?.code == .rejected ? .refused : .unreachable
                case .refused: .refused
                case .timeout, .noMember, .gone: .unreachable
                case .remote where error.remoteLabel == "forbidden": .refused
                case .remote: error.remoteLabel == "busy" || error.remoteLabel == "unavailable" ? .tryAgain : .failed
                case .system, .state: .failed
                case .tooLarge: .usage
                default: .configuration
                }
            self.init(status, error.message)
        case let error as TaskRefusal:
            let status: ExitStatus =
                switch error.code {
                case .full, .draining, .unavailable, .undecided: .tryAgain
                case .tooLarge, .invalid: .badInput
                case .forbidden: .refused
                default: .failed
                }
            self.init(status, error.message)
        case let error as TaskPlaneFailure:
            let status: ExitStatus =
                switch error.code {
                case .noCoordinator: .unreachable
                case .timedOut: .timedOut
                case .forbidden: .refused
                default: .failed
                }
            self.init(status, error.message)
        default: self.init(.failed, "\(error)")
        }
    }
}
