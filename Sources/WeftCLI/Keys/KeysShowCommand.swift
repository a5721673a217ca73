// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import Weft
import WeftProtocol
import WeftValue

/// `weft keys show PATH`: what is in a key file, a public one or a trust directory; never a secret.
struct KeysShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows whose a key is, or who is trusted; never a secret.",
        discussion: """
            PATH is a key file, a public file, or a trust directory. Ends with 78 when others could read the key or write the \
            directory, and with 65 when something in it cannot be read.

            Example:
              weft keys show w-1.key
              weft keys show trust
            """)

    @Argument(help: "A file or a directory; WEFT_TRUST when nothing is said.")
    var path: String?

    @Flag(help: "Print one JSON object for each node.")
    var json = false

    func run() async throws {
        guard let path = self.path ?? Variables.text("WEFT_TRUST") else {
            throw CommandFailure(.usage, "name a key file, a public file or a trust directory")
        }
        let isDirectory = (try? FileManager.default.contentsOfDirectory(atPath: path)) != nil
        do throws(TrustError) {
            if isDirectory {
                var directory = TrustDirectory(path: path)
                let list = try directory.read()
                self.show(list.entries.values.sorted { $0.name < $1.name })
                if let problem = directory.problems.sorted(by: { $0.key < $1.key }).first { throw problem.value }
            } else if path.hasSuffix(KeyFile.publicSuffix) {
                self.show([try TrustDirectory.entry(at: path)])
            } else {
                let key = try KeyFile.read(path)
                self.show([TrustEntry(name: key.name, keys: [TrustedKey(key.publicKey)])], isOwn: true)
            }
        } catch {
            throw CommandFailure(error.code == .permissions ? .configuration : .badInput, error.message)
        }
    }

    private func show(_ entries: [TrustEntry], isOwn: Bool = false) {
        let now = Date()
        if self.json {
            for entry in entries {
                let keys = entry.keys.map { key -> Value in
                    [
                        "key": .string(key.text), "until": key.until.map { .string($0.rfc3339Microseconds) } ?? .null,
                        "valid": .bool(key.isValid(at: now)),
                    ]
                }
                var value: [String: Value] = ["name": .string(entry.name), "keys": .array(keys)]
                if !isOwn { value["roles"] = .array(entry.roles.sorted().map { .string($0.name) }) }
                BoundedWriter.output.line(Value.object(value).json())
            }
            return
        }
        var table = TextTable(header: isOwn ? ["NAME", "KEY"] : ["NAME", "KEY", "ROLES", "UNTIL"])
        for entry in entries {
            let roles = entry.roles.sorted().map(\.name).joined(separator: ",")
            for key in entry.keys {
                let until = key.until.map { ($0 > now ? "" : "expired ") + $0.rfc3339Microseconds } ?? "–"
                table.add(
                    isOwn ? [entry.name, key.text] : [entry.name, key.text, roles.isEmpty ? "–" : roles, until])
            }
        }
        for line in table.lines { BoundedWriter.output.line(line) }
    }
}
