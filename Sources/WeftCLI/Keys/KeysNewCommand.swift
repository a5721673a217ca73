// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import Weft
import WeftProtocol
import WeftValue

/// `weft keys new NAME`: makes a key pair.
struct KeysNewCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new",
        abstract: "Makes a key: NAME.key, which only you can read, and NAME.pub for the others' trust directories.",
        discussion: """
            Nothing is ever overwritten. With --replaces the public file names the former key, too, which counts until the \
            overlap is over: put it into every trust directory first, then move the new NAME.key over the old one; the node \
            takes it without a restart.

            Example:
              weft keys new w-1 --role worker
              weft keys new w-1 --directory next --replaces trust/w-1.pub --overlap 1d
            """)

    @Argument(help: "The stable name of the node, or of the person, that the key is for.")
    var name: String

    @Option(
        name: .long, parsing: .singleValue,
        help: ArgumentHelp(
            "What the key may be used for beside events, submitting and reading: worker, coordinator or operator; may be given several times.",
            valueName: "ROLE"))
    var role: [RoleArgument] = []

    @Option(
        name: [.long, .customShort("d")],
        help: ArgumentHelp("Where the files go; made if it is not there.", valueName: "DIR"))
    var directory = "."

    @Option(help: ArgumentHelp("The public file that the new one takes the place of.", valueName: "FILE"))
    var replaces: String?

    @Option(
        help: ArgumentHelp(
            "How long the former key counts beside the new one; 1d when nothing is said.", valueName: "TIME"))
    var overlap: DurationArgument?

    @Flag(help: "Print one JSON object.")
    var json = false

    /// The roles that a key can have.
    enum RoleArgument: String, ExpressibleByArgument, CaseIterable {
        case worker
        case coordinator
        case `operator`

        var role: NodeRole { NodeRole(name: self.rawValue) }
    }

    func validate() throws {
        if self.overlap != nil, self.replaces == nil {
            throw ValidationError("--overlap says how long a former key counts; name its file with --replaces.")
        }
    }

    func run() async throws {
        var roles = Set(self.role.map(\.role))
        var former: [TrustedKey] = []
        do throws(TrustError) {
            if let replaces = self.replaces {
                let entry = try TrustDirectory.entry(at: replaces)
                guard entry.name == self.name else {
                    throw TrustError(.malformed, "\(replaces) is \(entry.name)'s, not \(self.name)'s")
                }
                let overlap = self.overlap?.duration ?? .seconds(86_400)
                let end = Date().addingTimeInterval(overlap / .seconds(1))
                former = entry.keys.filter { $0.isValid(at: Date()) }
                    .map { TrustedKey($0.text, until: min($0.until ?? end, end)) }
                if roles.isEmpty { roles = entry.roles }
            }
            let made = try KeyFile.make(name: self.name, roles: roles, in: self.directory, former: former)
            self.show(made)
        } catch {
            let status: ExitStatus =
                switch error.code {
                case .malformed: .badInput
                case .permissions: .configuration
                default: .failed
                }
            throw CommandFailure(status, error.message)
        }
    }

    private func show(_ made: KeyFile.Made) {
        if self.json {
            let value: Value = [
                "name": .string(made.key.name), "public": .string(made.key.publicKey), "key": .string(made.keyPath),
                "trust": .string(made.publicPath),
            ]
            BoundedWriter.output.line(value.json())
            return
        }
        BoundedWriter.output.line("\(made.keyPath)  the key of \(made.key.name): keep it to yourself, for --key-file")
        BoundedWriter.output.line(
            "\(made.publicPath)  \(made.key.publicKey): copy it into the others' --trust directories")
    }
}
