// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftBus
import WeftProtocol
public import WeftValue

/// Answers the calls of other nodes to one method.
///
/// What it throws goes back to the caller as the error's description; a ``RequestFailure`` also carries a label, and so does a refusal.
public typealias RequestHandler = @isolated(any) @Sendable (_ caller: NodeID, _ body: Value) async throws -> Value

/// Why a call was not done, for the caller to act on.
public struct RequestFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// A word that programs can compare.
    public var label: String
    /// For people.
    public var message: String
    /// The message.
    public var description: String { self.message }

    /// Creates a failure.
    public init(_ label: String, _ message: String) {
        self.label = label
        self.message = message
    }

    /// Nobody answers to this method.
    static func noMethod(_ method: String) -> RequestFailure {
        RequestFailure("noMethod", "this node does not answer to '\(method)'; it may run an older version of Weft")
    }

    /// Too many calls at once.
    static let busy = RequestFailure("busy", "this node is answering too many calls; try again")

    /// The caller's key is not an operator's.
    static let notOperator = RequestFailure(
        "forbidden", "this needs an operator's key: 'operator' among the roles of yours, in the trust directory there")

    /// What was thrown.
    init(_ error: any Error) {
        switch error {
        case let failure as RequestFailure: self = failure
        case let refusal as TaskRefusal: self.init(refusal.label, refusal.message)
        case let error as TaskPlaneError: self.init(TaskRefusal.Code.invalid.description, error.message)
        default: self.init("failed", "\(error)")
        }
    }

    /// The failure as the body of a reply.
    var body: Value { .object(["label": .string(self.label), "message": .string(self.message)]) }

    /// The body of a reply as an error for the caller.
    static func error(_ body: Value) -> NodeError {
        NodeError(
            .remote, body["message"]?.stringValue ?? "the other node answered with an error",
            remoteLabel: body["label"]?.stringValue ?? "failed")
    }
}
