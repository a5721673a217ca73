// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking
import WeftBus
import WeftValue

/// Who answers to which method, and the calls that are being answered.
final class RequestTable: Sendable {
    private struct State {
        var handlers: [String: RequestHandler] = [:]
        /// What changes others' work.
        var operatorMethods: Set<String> = []
        var running: [UInt64: Task<Void, Never>] = [:]
        var last: UInt64 = 0
        var refused: UInt64 = 0
        var isClosed = false
    }

    private let state = Locked(State())

    var refused: UInt64 { self.state.withLock { $0.refused } }

    func handle(_ method: String, needsOperator: Bool, _ handler: @escaping RequestHandler) {
        self.state.withLock { state in
            state.handlers[method] = handler
            if needsOperator { state.operatorMethods.insert(method) } else { state.operatorMethods.remove(method) }
        }
    }

    /// Whether a method is for operators only, when there are keys.
    func needsOperator(_ method: String) -> Bool { self.state.withLock { $0.operatorMethods.contains(method) } }

    /// Runs the handler of a method in a task of its own and hands over what comes of it.
    func answer(
        _ method: String, from caller: NodeID, _ body: Value,
        then reply: @escaping @Sendable (Result<Value, RequestFailure>) -> Void
    ) {
        let failure = self.state.withLock { state -> RequestFailure? in
            guard let handler = state.handlers[method] else { return .noMethod(method) }
            guard state.running.count < NodeDefaults.concurrentRequests, !state.isClosed else {
                state.refused += 1
                return .busy
            }
            state.last += 1
            let number = state.last
            // A call lives as long as its handler; stopping the node cancels it.
            state.running[number] = Task {
                let result: Result<Value, RequestFailure>
                do {
                    result = .success(try await handler(caller, body))
                } catch {
                    result = .failure(RequestFailure(error))
                }
                self.state.withLock { $0.running[number] = nil }
                reply(result)
            }
            return nil
        }
        if let failure { reply(.failure(failure)) }
    }

    func cancelAll() {
        let running = self.state.withLock { state in
            state.isClosed = true
            return Array(state.running.values)
        }
        for task in running { task.cancel() }
    }
}
