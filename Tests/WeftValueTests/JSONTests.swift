// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing
import WeftValue

struct JSONTests {
    @Test(arguments: [
        ("0", Value.int(0)), ("-9223372036854775808", .int(.min)), ("9223372036854775807", .int(.max)),
        ("9223372036854775808", .uint(1 << 63)), ("18446744073709551615", .uint(.max)),
        ("18446744073709551616", .double(18_446_744_073_709_551_616)), ("1.0", .double(1)), ("1e2", .double(100)),
        ("-1.5E-1", .double(-0.15)), (#""\u00e9\n\"\\\/\ud83d\ude00""#, "é\n\"\\/😀"), (#""\ud83d x""#, "\u{FFFD} x"),
        (#""\ud83dA""#, "\u{FFFD}A"), (" [ 1 , [ ] , { } ] ", .array([1, .array([]), .object([:])])),
        (#"{"a":1,"a":2}"#, .object(["a": 2])), ("\u{FEFF}true", .bool(true)), ("null", .null),
    ])
    func textBecomesTheValue(text: String, value: Value) throws {
        #expect(try Value(json: text) == value)
    }

    @Test(arguments: [
        ("", "the text ends where a value was expected (line 1, column 1)"),
        ("order", "expected a value, found 'o' (line 1, column 1)"),
        ("[1,\n 2,]", "expected a value, found ']' (line 2, column 4)"),
        ("[1 2]", "expected ',' or ']' in an array, found '2' (line 1, column 4)"),
        ("{a:1}", "expected a member's name in double quotes, found 'a' (line 1, column 2)"),
        (#"{"a" 1}"#, "expected ':' after a member's name, found '1' (line 1, column 6)"),
        (#"{"a":1"#, "the text ends where ',' or '}' in an object was expected (line 1, column 7)"),
        ("1 x", "'x' follows the value (line 1, column 3)"),
        ("01", "a number cannot start with 0 and another digit (line 1, column 2)"),
        ("-", "the text ends where a digit was expected (line 1, column 2)"),
        ("1.", "the text ends where a digit after '.' was expected (line 1, column 3)"),
        ("1e400", "the number does not fit into 64 bits (line 1, column 1)"),
        ("nul", "expected a value, found something that is not null (line 1, column 1)"),
        ("\"a\u{1}\"", "a control character in a string must be escaped (line 1, column 3)"),
        (#""\x""#, "unknown escape: 'x' after a backslash (line 1, column 3)"),
        (#""\u12g4""#, "expected four hexadecimal digits, found 'g' (line 1, column 6)"),
        (#""abc"#, "the text ends where the end of a string was expected (line 1, column 5)"),
        ("NaN", "expected a value, found 'N' (line 1, column 1)"),
    ])
    func errorSaysWhatAndWhere(text: String, message: String) {
        let error = #expect(throws: JSONError.self) { try Value(json: text) }
        #expect(error?.description == message)
    }

    @Test func textThatIsNotUTF8IsRefused() {
        let error = #expect(throws: JSONError.self) { try Value(json: [0x22, 0xFF, 0x22]) }
        #expect(error?.code == .invalidText)
    }

    @Test func nestingIsBounded() throws {
        let deepest = String(repeating: "[", count: Value.maximumDepth)
        _ = try Value(json: deepest + String(repeating: "]", count: Value.maximumDepth))
        for bomb in [String(repeating: "[", count: 1_000_000), String(repeating: #"{"a":"#, count: 1_000_000)] {
            let error = #expect(throws: JSONError.self) { try Value(json: bomb) }
            #expect(error?.code == .tooDeep)
        }
    }

    @Test func everyTruncationIsAnError() {
        let text = Array(#"{"a":[1,-2.5e3,"x\u00e9",true,false,null],"b":{}}"#.utf8)
        for count in 0..<text.count {
            #expect(throws: JSONError.self) { try Value(json: text[..<count]) }
        }
    }

    @Test func valueBecomesText() throws {
        let value: Value = [
            "b": .bytes([1, 2]), "a": [.uint(.max), .double(.nan), 1.0, -3], "s": "\"\\\n\u{1}\u{7F}é",
            "d": .date(Date(timeIntervalSince1970: 0)),
        ]
        #expect(
            value.json()
                == #"{"a":[18446744073709551615,null,1.0,-3],"b":"AQI=","d":"1970-01-01T00:00:00.000000Z","#
                + #""s":"\"\\\n\u0001\u007fé"}"#)
        #expect((["a": [1], "b": []] as Value).json(pretty: true) == "{\n  \"a\": [\n    1\n  ],\n  \"b\": []\n}")
        #expect(try Value(json: value.json(pretty: true)) == Value(json: value.json()))
    }

    @Test func accessorsReadOnlyWhatIsThere() {
        let value: Value = ["a": [1, "x"], "n": 2.0, "u": .uint(.max)]
        #expect(value["a"]?[1]?.stringValue == "x")
        #expect(value["a"]?[2] == nil)
        #expect(value["a"]?[-1] == nil)
        #expect(value["n"]?.intValue == 2)
        #expect(value["a"]?[0]?.doubleValue == 1)
        #expect(value["u"]?.intValue == nil)
        #expect(value["missing"] == nil)
        #expect((nil as Value).isNull)
    }
}
