// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import CurlHTTP
import Testing
import Weft
import WeftTestKit

struct ExamplesTests {
    private func example(
        _ harness: ProcessHarness, _ arguments: String..., input: TestInput = .none,
        environment: [String: String?] = [:]
    ) throws -> TestProcess {
        try harness.start(
            ProcessHarness.path(ofProduct: "Examples"), arguments, input: input, environment: environment)
    }

    @Test func tourShowsEveryRowOfTheBus() async throws {
        try await ProcessHarness.run { harness in
            let tour = try self.example(harness, "tour")
            #expect(try await tour.exit() == .code(0))
            let lines = tour.output.elements.map { $0.drop { $0 == " " } }
            for line in [
                "ada logged in", "ada is stored", "listeners: 2, delivered: 2", "welcome, ada!",
                "the second time anyone listened: false", "grace logged out", "audit: order:created", #"order "o-1""#,
                "error: the card was declined", "the next handler runs: o-1", "failures: 1", "heard of alan",
                "listeners of user:login: 1", "names: error, payment:due, user:login, user:logout",
                "events: 8, logins: 2", "after clearing: 0", "of one name: 0", "of all: 0",
            ] {
                #expect(lines.contains(line[...]), "\(line)")
            }
            // The first of the two handlers was taken off before grace came.
            #expect(!lines.contains("grace logged in"))
        }
    }

    @Test func localTestPrintsStatusAndResult() async throws {
        try await ProcessHarness.run { harness in
            let test = try self.example(harness, "local-test")
            #expect(try await test.exit() == .code(0))
            #expect(
                test.output.elements == [
                    "status: completed", #"result: {"title":"Woven on a loom","words":4}"#, "words: 4",
                ])
        }
    }

    @Test func webShopEmitsAndListens() async throws {
        try await ProcessHarness.run { harness in
            let shop = try self.example(harness, "web", "0")
            let address = try await shop.line(containing: "listening on ").dropFirst("listening on ".count)
            let client = HTTPClient()
            let answer = try await client.send(HTTPRequest(method: "POST", url: "\(address)/orders/o-7"))
            #expect(String(decoding: answer.body, as: UTF8.self) == "order o-7 was seen by 1\n")
            let audit = try await client.send(HTTPRequest(method: "GET", url: "\(address)/audit"))
            #expect(String(decoding: audit.body, as: UTF8.self) == "order:created \"o-7\"\n")
            await client.shutdown()
            shop.terminate()
            #expect(try await shop.exit() == .code(0))
        }
    }
}
