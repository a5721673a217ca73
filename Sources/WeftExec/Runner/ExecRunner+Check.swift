// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Locking

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension ExecRunner {
    /// Characters that end or change a plain word for the shell, so that the word says nothing about a program.
    private static let shellCharacters = Set("'\"\\$`*?[]{}()<>|&;~#=!\n")

    /// Checks what can be known of the command before the first task: that the shell can parse it, and that the program
    /// it begins with is there and executable.
    public func check() async throws(ExecError) {
        let command = self.configuration.command
        guard let word = command.split(whereSeparator: \.isWhitespace).first.map(String.init) else {
            throw ExecError(.empty, "the command is empty; give a program, such as --exec ./handler.sh")
        }
        let parsed = try await self.shell(["-n", "-c", command])
        guard parsed.exit.isSuccess else {
            throw ExecError(
                .syntax,
                "the shell can't parse the command (\(parsed.text)); try it in a terminal: sh -c '…'")
        }
        guard !word.contains(where: Self.shellCharacters.contains) else { return }
        if word.contains("/") {
            var information = stat()
            guard stat(word, &information) == 0 else {
                throw ExecError(
                    .notFound,
                    "\(word): \(systemMessage(errno)); name a program that exists, as seen from the directory "
                        + "in which the worker runs")
            }
            guard information.st_mode & S_IFMT != S_IFDIR else {
                throw ExecError(.notExecutable, "\(word) is a directory; name the program in it")
            }
            guard access(word, X_OK) == 0 else {
                throw ExecError(.notExecutable, "\(word) is not executable; make it so with: chmod +x \(word)")
            }
        } else if try await !self.shell(["-c", "command -v -- \"$1\"", "sh", word]).exit.isSuccess {
            throw ExecError(
                .notFound,
                "\(word) was not found in PATH; install it, or name it by its path (./\(word) for this directory)")
        }
    }

    /// Runs the shell with the given arguments and tells how it ended and what it complained about.
    private func shell(_ arguments: [String]) async throws(ExecError) -> (exit: ChildExit, text: String) {
        let output = Locked(ExecOutput(maximumOutput: 0, errorTail: self.configuration.errorTail))
        var configuration = ChildProcess.Configuration(
            executable: "/bin/sh", arguments: arguments, environment: ProcessInfo.processInfo.environment)
        configuration.output = .discard
        configuration.timeLimit = .seconds(10)
        configuration.receive = { _, bytes in output.withLock { $0.appendError(bytes) } }
        do {
            let exit = try await ChildProcess.start(configuration).exit()
            return (exit, output.withLock { $0.errorText })
        } catch {
            throw ExecError(.system, "the shell could not be started: \(error)")
        }
    }
}
