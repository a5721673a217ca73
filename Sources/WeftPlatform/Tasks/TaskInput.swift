// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftValue

/// What a task asks for.
public struct TaskInput: Hashable, Sendable {
    /// The request in words.
    public var text: String
    /// Addresses of files that belong to it.
    public var files: [String]
    /// Attachments with their details, as the platform writes them.
    public var attachments: [Value]
    /// Who asks, as the platform writes it; nil for nobody in particular.
    public var user: Value?
    /// On whose behalf it is done, as the platform writes it; nil for nobody in particular.
    public var principal: Value?

    /// Creates an input.
    public init(
        text: String, files: [String] = [], attachments: [Value] = [], user: Value? = nil, principal: Value? = nil
    ) {
        self.text = text
        self.files = files
        self.attachments = attachments
        self.user = user
        self.principal = principal
    }

    /// Reads the `input` object of a task; what is missing or of another type takes its default.
    public init(_ value: Value) {
        self.init(
            text: value["text"]?.stringValue ?? "",
            files: value["files"]?.arrayValue?.compactMap(\.stringValue) ?? [],
            attachments: value["attachments"]?.arrayValue ?? [],
            user: value["user"].flatMap(\.nonNull),
            principal: value["principal"].flatMap(\.nonNull))
    }

    /// The object as it is sent to create a task: attachments and principal only if there are any.
    public var value: Value {
        var members: [String: Value] = [
            "text": .string(self.text), "files": .array(self.files.map(Value.string)), "user": self.user ?? .null,
        ]
        if !self.attachments.isEmpty { members["attachments"] = .array(self.attachments) }
        if let principal = self.principal { members["principal"] = principal }
        return .object(members)
    }
}
