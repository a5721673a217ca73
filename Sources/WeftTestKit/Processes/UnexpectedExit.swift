// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// What waiting for the end of a program throws when it ended in another way than expected.
public struct UnexpectedExit: Error, Sendable, CustomStringConvertible {
    /// The program and its arguments.
    public let command: String
    /// How it ended.
    public let exit: TestExit
    /// How it should have ended; nil when the thread sanitizer found something, which is never expected.
    public let expected: TestExit?

    /// How the program ended, and how it should have.
    public var description: String {
        guard let expected else { return "the thread sanitizer has found something in \(self.command), see its output" }
        return "\(self.command) ended with \(self.exit), not with \(expected)"
    }
}
