// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftValue

/// An event as it is written on the command line or on a line of standard input.
struct EmittedEvent: Hashable, Sendable {
    /// Why something is not an event, and what to write instead.
    struct Malformed: Error, Hashable, CustomStringConvertible {
        let description: String

        init(_ description: String) {
            self.description = description
        }
    }

    var name: String
    var arguments: [Value]

    init(name: String, arguments: [Value]) {
        self.name = name
        self.arguments = arguments
    }

    /// Reads the words of a command line: the name is given apart, each argument is JSON.
    init(name: String, words: [String]) throws(Malformed) {
        self.name = name
        self.arguments = []
        for (index, word) in words.enumerated() {
            self.arguments.append(try Self.argument(Array(word.utf8)[...], number: index + 1))
        }
    }

    /// Reads a line: `NAME JSON …`, or an object with `name` and `arguments`.
    init(line: ArraySlice<UInt8>) throws(Malformed) {
        let line = line.drop(while: JSONSplitter.isSpace)
        if line.first == UInt8(ascii: "{") {
            try self.init(object: line)
        } else {
            let end = line.firstIndex(where: JSONSplitter.isSpace) ?? line.endIndex
            var arguments: [Value] = []
            for (index, piece) in JSONSplitter.split(line[end...]).enumerated() {
                arguments.append(try Self.argument(piece, number: index + 1))
            }
            self.init(name: String(decoding: line[line.startIndex..<end], as: UTF8.self), arguments: arguments)
        }
    }

    private init(object line: ArraySlice<UInt8>) throws(Malformed) {
        let value: Value
        do {
            value = try Value(json: line)
        } catch {
            throw Malformed("not a JSON object: \(error)")
        }
        guard let name = value["name"]?.stringValue else {
            throw Malformed(#"an object must have a name, as in {"name": "order:created", "arguments": ["o-1"]}"#)
        }
        switch value["arguments"] {
        case nil, .null: self.init(name: name, arguments: [])
        case .array(let arguments): self.init(name: name, arguments: arguments)
        default: throw Malformed(#"arguments must be an array, as in {"name": "order:created", "arguments": ["o-1"]}"#)
        }
    }

    private static func argument(_ bytes: ArraySlice<UInt8>, number: Int) throws(Malformed) -> Value {
        do {
            return try Value(json: bytes)
        } catch {
            let text = Terminal.safe(String(decoding: bytes, as: UTF8.self), limit: 60)
            if text.hasPrefix("--") {
                throw Malformed("\(text) is neither an option of this command nor JSON; see: weft emit --help")
            }
            let isWord = !text.isEmpty && text.allSatisfy { !"\"{}[]".contains($0) }
            throw Malformed(
                "argument \(number) is not JSON: \(text)"
                    + (isWord ? "; a string needs quotes that the shell leaves alone: '\"\(text)\"'" : " (\(error))"))
        }
    }
}
