// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftValue

/// How many tokens of a language model a task took.
public struct TokenCounts: Hashable, Sendable {
    /// Tokens that the model wrote.
    public var completion: Int64
    /// Tokens that the model read.
    public var prompt: Int64
    /// Tokens read from its cache.
    public var cacheRead: Int64
    /// Tokens written to its cache.
    public var cacheWrite: Int64

    /// Creates counts.
    public init(completion: Int64 = 0, prompt: Int64 = 0, cacheRead: Int64 = 0, cacheWrite: Int64 = 0) {
        self.completion = completion
        self.prompt = prompt
        self.cacheRead = cacheRead
        self.cacheWrite = cacheWrite
    }

    /// Reads a token object; nil for anything that is not an object.
    public init?(_ value: Value) {
        guard value.objectValue != nil else { return nil }
        self.init(
            completion: value["completion_tokens"]?.intValue ?? 0,
            prompt: value["prompt_tokens"]?.intValue ?? 0,
            cacheRead: value["cache_read_tokens"]?.intValue ?? 0,
            cacheWrite: value["cache_write_tokens"]?.intValue ?? 0)
    }

    /// The object as the platform takes it, with the sum of read and written tokens.
    public var value: Value {
        let (sum, overflow) = self.completion.addingReportingOverflow(self.prompt)
        return [
            "completion_tokens": .int(self.completion),
            "prompt_tokens": .int(self.prompt),
            "cache_read_tokens": .int(self.cacheRead),
            "cache_write_tokens": .int(self.cacheWrite),
            "total_tokens": .int(overflow ? .max : sum),
        ]
    }
}
