// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import WeftValue

@testable import WeftCLI

struct EmittedEventTests {
    @Test(arguments: [
        ("order:created", EmittedEvent(name: "order:created", arguments: [])),
        ("  order:created  ", EmittedEvent(name: "order:created", arguments: [])),
        (
            #"a "o-1" {"total": 42, "x": [1, 2]} null -5 1.5 true"#,
            EmittedEvent(name: "a", arguments: ["o-1", ["total": 42, "x": [1, 2]], nil, -5, 1.5, true])
        ),
        (#"a "with space and \" quote" "[{""#, EmittedEvent(name: "a", arguments: ["with space and \" quote", "[{"])),
        ("a\t1\r", EmittedEvent(name: "a", arguments: [1])),
        (#"{"name": "a:b", "arguments": [1, "x"]}"#, EmittedEvent(name: "a:b", arguments: [1, "x"])),
        (#"{"name": "a:b"}"#, EmittedEvent(name: "a:b", arguments: [])),
    ])
    func aLineIsANameAndJSONValuesOrAnObject(line: String, event: EmittedEvent) throws {
        #expect(try EmittedEvent(line: Array(line.utf8)[...]) == event)
    }

    @Test(arguments: [
        ("a o-1", "quotes"), ("a {\"x\": }", "argument 1"), ("a 1 [1", "argument 2"), ("{\"name\": 1}", "name"),
        ("{\"name\": \"a\", \"arguments\": {}}", "arguments must be an array"), ("{name}", "not a JSON object"),
        ("a --jion x", "neither an option"),
    ])
    func aBadLineSaysWhatIsWrongWithIt(line: String, complaint: String) {
        let error = #expect(throws: EmittedEvent.Malformed.self) { try EmittedEvent(line: Array(line.utf8)[...]) }
        #expect(error?.description.contains(complaint) == true, "\(error?.description ?? "no error")")
    }

    @Test func aWordThatIsNotJSONGetsAHintAboutQuoting() {
        let error = #expect(throws: EmittedEvent.Malformed.self) { try EmittedEvent(name: "a", words: ["1", "o-1"]) }
        #expect(
            error?.description
                == #"argument 2 is not JSON: o-1; a string needs quotes that the shell leaves alone: '"o-1"'"#)
    }

    @Test func anyBytesAreReadWithoutATrap() {
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array("ab \t\"\\{}[],:019.-eE\u{0}\u{1F600}é".utf8)
        for _ in 0..<5_000 {
            let line = (0..<Int.random(in: 0..<40, using: &generator)).map { _ in
                alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
            }
            _ = try? EmittedEvent(line: line[...])
        }
    }
}
