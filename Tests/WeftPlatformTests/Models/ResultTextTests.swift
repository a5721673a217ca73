// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import WeftPlatform
import WeftValue

struct ResultTextTests {
    @Test(arguments: [
        (#"{"a": 1}"#, #"{"a": 1}"#),
        ("```json\n{\"a\": 1}\n```", #"{"a": 1}"#),
        ("```\n[1, 2]\n```", "[1, 2]"),
        ("  ```JSON {\"a\": 1}```  ", #"{"a": 1}"#),
        ("<think>Is it {\"b\"}?</think>\n{\"a\": 1}", #"{"a": 1}"#),
        ("thinking</think>more</think>```json\n{}\n```", "{}"),
        ("plain words", "plain words"),
        ("```json\nnot json\n```", "```json\nnot json\n```"),
        ("Here it is: {\"a\": 1}", "Here it is: {\"a\": 1}"),
        ("``````", "``````"),
        ("", ""),
    ])
    func decorationIsTakenOffJSON(text: String, expected: String) {
        #expect(ResultText.make(.string(text), format: .json) == expected)
    }

    @Test func textIsLeftAloneUnlessJSONIsWanted() {
        let fenced = "```json\n{}\n```"
        for format in [nil, OutputFormat.text, .markdown, .voice] {
            #expect(ResultText.make(.string(fenced), format: format) == fenced)
        }
    }

    @Test(arguments: [nil, OutputFormat.json, .markdown])
    func anythingElseBecomesJSONText(format: OutputFormat?) {
        #expect(ResultText.make(["b": [1, true], "a": .null], format: format) == #"{"a":null,"b":[1,true]}"#)
        #expect(ResultText.make(12, format: format) == "12")
        #expect(ResultText.make(.null, format: format) == "")
    }
}
