// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftBus
public import WeftProtocol
import WeftValue

extension Node {
    /// Sets what is done when somebody asks this node to finish and leave, such as with `weft drain`; it should do what SIGTERM does and
    /// return at once.
    ///
    /// A node without it refuses to be drained: only the program knows what there is to finish.
    public func onDrain(_ drain: @escaping @Sendable () async -> Void) {
        self.handle("node.drain", needsOperator: true) { _, _ in
            await drain()
            return .null
        }
    }

    /// Asks a node to finish what it runs and leave, as SIGTERM would.
    ///
    /// - Throws: ``NodeError``: with code `remote` when its program can't be asked to, else as any call.
    public func drain(_ node: NodeID) async throws(NodeError) {
        do throws(NodeError) {
            _ = try await self.request(to: node, "node.drain")
        } catch {
            // It had nothing to finish, and was gone before its answer.
            if error.code == .gone { return }
            guard error.remoteLabel == "noMethod" else { throw error }
            throw NodeError(
                .remote, "\(node) is in a program that does not say how it is drained (Node.onDrain); send it SIGTERM",
                remoteLabel: "noMethod")
        }
    }

    /// The live member that is meant by a name, or by the beginning of an id.
    ///
    /// - Throws: ``NodeError`` with code `noMember` when there is none and `ambiguous` when there is more than one; the message names who could be meant.
    public func member(named text: String) async throws(NodeError) -> MemberStatus {
        let others = await self.members().filter { $0.state == .alive || $0.state == .suspect }
        var matches = others.filter { $0.record.name == text }
        if matches.isEmpty, !text.isEmpty {
            matches = others.filter { $0.record.id.description.hasPrefix(text.lowercased()) }
        }
        if matches.count == 1 { return matches[0] }
        let candidates = (matches.isEmpty ? others : matches)
            .map { "\($0.record.name) (\($0.record.id.description.prefix(8)))" }.sorted()
        let listed = candidates.prefix(20).joined(separator: ", ") + (candidates.count > 20 ? ", …" : "")
        if matches.isEmpty {
            throw NodeError(
                .noMember,
                "no live member is named '\(text)', nor has it an id that begins so; there "
                    + (candidates.isEmpty ? "is nobody else" : "are: \(listed)"))
        }
        throw NodeError(.ambiguous, "'\(text)' may mean any of \(listed); give the beginning of an id")
    }

    /// Waits until a member has left, or is given up.
    ///
    /// - Returns: Whether it has within the time.
    public func waitUntilGone(_ member: NodeID, within limit: Duration) async -> Bool {
        let changes = self.memberChanges()
        return await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                for await members in changes {
                    let isThere = members.contains {
                        $0.record.id == member && ($0.state == .alive || $0.state == .suspect)
                    }
                    if !isThere { return true }
                }
                return false
            }
            group.addTask {
                try? await Task.sleep(for: limit)
                return false
            }
            let isGone = await group.next() ?? false
            group.cancelAll()
            return isGone
        }
    }
}
