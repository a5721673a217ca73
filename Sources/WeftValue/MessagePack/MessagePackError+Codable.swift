// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

extension MessagePackError {
    /// What a type's own encoding threw.
    init(encoding error: any Error) {
        switch error {
        case let error as MessagePackError: self = error
        case EncodingError.invalidValue(_, let context):
            self.init(.rejected, context.debugDescription, path: Self.text(context.codingPath))
        default: self.init(.rejected, "\(error)")
        }
    }

    /// What a type's own decoding threw.
    init(decoding error: any Error) {
        switch error {
        case let error as MessagePackError: self = error
        case DecodingError.typeMismatch(_, let context):
            self.init(.typeMismatch, context.debugDescription, path: Self.text(context.codingPath))
        case DecodingError.valueNotFound(_, let context):
            self.init(.missing, context.debugDescription, path: Self.text(context.codingPath))
        case DecodingError.keyNotFound(let key, let context):
            self.init(.missing, "no member '\(key.stringValue)'", path: Self.text(context.codingPath))
        case DecodingError.dataCorrupted(let context):
            self.init(.rejected, context.debugDescription, path: Self.text(context.codingPath))
        default: self.init(.rejected, "\(error)")
        }
    }

    /// The same error with the place where it happened, unless it already names one.
    func at(_ path: [any CodingKey]) -> MessagePackError {
        self.path.isEmpty ? MessagePackError(self.code, self.message, path: Self.text(path)) : self
    }

    private static func text(_ path: [any CodingKey]) -> String {
        path.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
    }
}
