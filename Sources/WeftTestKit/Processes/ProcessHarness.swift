// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Locking
import WeftExec

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Starts real programs for a test, the built `weft` among them, and kills whatever of them is left at its end.
///
/// ```swift
/// try await ProcessHarness.run { harness in
///     let coordinator = try harness.weft("coordinator", "--bind", "tcp://127.0.0.1:7400")
///     _ = try await coordinator.line(containing: "coordinator")
/// }
/// ```
public final class ProcessHarness: Sendable {
    private struct State {
        var processes: [TestProcess] = []
        var directories: [String] = []
    }

    private let state = Locked(State())

    private init() {}

    /// Runs a test's body with a harness; when it returns or throws, every process is killed and every directory removed.
    ///
    /// When the body throws, what the processes printed is printed too.
    public static func run<Result>(_ body: (ProcessHarness) async throws -> Result) async throws -> Result {
        let harness = ProcessHarness()
        do {
            let result: Result
            do {
                result = try await body(harness)
            } catch {
                try? await harness.end()
                throw error
            }
            try await harness.end()
            return result
        } catch {
            for process in harness.state.withLock({ $0.processes }) { process.printTranscript() }
            throw error
        }
    }

    /// Starts the built `weft`.
    ///
    /// - Parameters:
    ///   - arguments: Its arguments.
    ///   - input: What it gets on its standard input.
    ///   - environment: Variables that it gets beside this process's own; nil values remove one. `WEFT_…` and `XPANDER_…`
    ///     variables are not inherited.
    public func weft(
        _ arguments: String..., input: TestInput = .none, environment: [String: String?] = [:]
    ) throws -> TestProcess {
        try self.weft(arguments, input: input, environment: environment)
    }

    /// Starts the built `weft`.
    public func weft(
        _ arguments: [String], input: TestInput = .none, environment: [String: String?] = [:],
        in directory: String? = nil
    ) throws -> TestProcess {
        try self.start(Self.weftPath(), arguments, input: input, environment: environment, in: directory)
    }

    /// Starts any program by its path.
    public func start(
        _ program: String, _ arguments: [String] = [], input: TestInput = .none,
        environment: [String: String?] = [:], in directory: String? = nil
    ) throws -> TestProcess {
        var variables = ProcessInfo.processInfo.environment.filter {
            !$0.key.hasPrefix("WEFT_") && !$0.key.hasPrefix("XPANDER_")
        }
        for (name, value) in environment { variables[name] = value }
        let process = try TestProcess(
            program, arguments, input: input, environment: variables, directory: directory)
        self.state.withLock { $0.processes.append(process) }
        return process
    }

    /// Makes a directory that is removed at the end of the test.
    public func temporaryDirectory() throws -> String {
        var template = Array("/tmp/weft-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw ChildProcessError(operation: "making a directory", code: errno) }
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        self.state.withLock { $0.directories.append(path) }
        return path
    }

    /// Writes an executable shell script into a temporary directory and returns its path.
    public func script(_ text: String) throws -> String {
        let path = try self.temporaryDirectory() + "/handler.sh"
        try Data(("#!/bin/sh\n" + text).utf8).write(to: URL(filePath: path))
        guard chmod(path, 0o755) == 0 else { throw ChildProcessError(operation: "chmod \(path)", code: errno) }
        return path
    }

    /// The first of `count` ports next to each other that were free a moment ago, and that no other test was given.
    ///
    /// They are below the ports that nodes pick for themselves, and none of Weft's usual ones.
    public static func freePorts(_ count: Int = 4) throws -> UInt16 {
        for _ in 0..<1000 {
            let first = UInt16.random(in: 2_000..<10_000 - UInt16(count))
            let ports = first..<first + UInt16(count)
            guard !ports.overlaps(7_300..<7_600) else { continue }
            let isOurs = Self.givenPorts.withLock { given in
                guard given.isDisjoint(with: ports) else { return false }
                given.formUnion(ports)
                return true
            }
            if isOurs, ports.allSatisfy(Self.isFree) { return first }
        }
        throw TimedOut(awaited: "\(count) free ports in a row", limit: .zero)
    }

    private static let givenPorts = Locked(Set<UInt16>())

    /// The path of the built `weft`: beside the test bundle, or what `WEFT_BINARY` names.
    public static func weftPath() throws -> String {
        if let path = ProcessInfo.processInfo.environment["WEFT_BINARY"] { return path }
        return try Self.path(ofProduct: "weft")
    }

    /// The path of a program of this package, beside the test bundle.
    public static func path(ofProduct product: String) throws -> String {
        for argument in CommandLine.arguments + [Self.ownPath()] {
            var directory = argument[...]
            while let slash = directory.lastIndex(of: "/") {
                directory = directory[..<slash]
                let candidate = directory + "/" + product
                if access(String(candidate), X_OK) == 0, !Self.isDirectory(String(candidate)) {
                    return String(candidate)
                }
                // Not above the build folder.
                if directory.hasSuffix("/debug") || directory.hasSuffix("/release") { break }
            }
        }
        throw TimedOut(
            awaited: "\(product) beside the tests; build it with: swift build --product \(product)", limit: .zero)
    }

    private func end() async throws {
        let (processes, directories) = self.state.withLock { ($0.processes, $0.directories) }
        for process in processes { process.kill() }
        defer { for directory in directories { try? FileManager.default.removeItem(atPath: directory) } }
        for process in processes { try await process.end() }
    }

    private static func ownPath() -> String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    }

    private static func isDirectory(_ path: String) -> Bool {
        var information = stat()
        return stat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFDIR
    }

    private static func isFree(_ port: UInt16) -> Bool {
        #if canImport(Glibc)
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
            let descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
