// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftValue

/// How a handler's result becomes the text that the platform takes.
public enum ResultText {
    /// The text of a result.
    ///
    /// Text stays as it is and anything else is written as JSON, whatever the format. When JSON is asked for, text that
    /// plainly is JSON with decoration (a code fence around it, thinking that ends in `</think>` before it) loses the
    /// decoration; text that is not JSON is left alone.
    ///
    /// - Parameters:
    ///   - value: What the handler gave back.
    ///   - format: The form that the task wants.
    public static func make(_ value: Value, format: OutputFormat?) -> String {
        guard let text = value.stringValue else { return value.isNull ? "" : value.json() }
        guard format == .json else { return text }
        return self.isJSON(text) ? text : self.undecorated(text) ?? text
    }

    /// The JSON inside decorated text; nil if there is none.
    private static func undecorated(_ text: String) -> String? {
        var rest = Self.trimmed(text[...])
        if let thinkingEnd = rest.ranges(of: "</think>").last {
            rest = Self.trimmed(rest[thinkingEnd.upperBound...])
        }
        if let inside = Self.insideFence(rest) { rest = inside }
        return self.isJSON(rest) ? String(rest) : nil
    }

    /// What a code fence holds, if the text is one from its first character to its last.
    private static func insideFence(_ text: Substring) -> Substring? {
        let fence = "```"
        guard text.utf8.count >= 6, text.hasPrefix(fence), text.hasSuffix(fence) else { return nil }
        var inside = text.dropFirst(3).dropLast(3)
        // The word after the opening fence names the language.
        let afterWord = inside.drop { $0.isLetter }
        let word = inside[..<afterWord.startIndex].lowercased()
        if word.isEmpty || word.hasPrefix("json") { inside = afterWord }
        return Self.trimmed(inside)
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop { $0.isWhitespace }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return text
    }

    private static func isJSON(_ text: some StringProtocol) -> Bool {
        (try? Value(json: Array(text.utf8))) != nil
    }
}
