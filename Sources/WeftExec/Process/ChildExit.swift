// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How a child process ended.
package struct ChildExit: Hashable, Sendable, CustomStringConvertible {
    /// What the kernel says about the end.
    package enum Status: Hashable, Sendable {
        case code(Int32)
        case signal(Int32)
    }

    /// Who wanted the end.
    package enum Cause: Hashable, Sendable {
        /// The process itself.
        case own
        /// Somebody called `terminate`.
        case terminated
        /// The time limit passed.
        case timeLimit
    }

    package let status: Status
    package let cause: Cause

    package init(status: Status, cause: Cause = .own) {
        self.status = status
        self.cause = cause
    }

    /// Whether the process ended with exit status 0.
    package var isSuccess: Bool { self.status == .code(0) }

    package var description: String {
        switch self.status {
        case .code(let code): "exit status \(code)"
        case .signal(let number): "killed by \(Self.name(ofSignal: number))"
        }
    }

    /// The signal's usual name, or its number.
    package static func name(ofSignal number: Int32) -> String {
        switch number {
        case SIGHUP: "SIGHUP"
        case SIGINT: "SIGINT"
        case SIGQUIT: "SIGQUIT"
        case SIGILL: "SIGILL"
        case SIGTRAP: "SIGTRAP"
        case SIGABRT: "SIGABRT"
        case SIGBUS: "SIGBUS"
        case SIGFPE: "SIGFPE"
        case SIGKILL: "SIGKILL"
        case SIGSEGV: "SIGSEGV"
        case SIGPIPE: "SIGPIPE"
        case SIGALRM: "SIGALRM"
        case SIGTERM: "SIGTERM"
        case SIGXCPU: "SIGXCPU"
        case SIGXFSZ: "SIGXFSZ"
        default: "signal \(number)"
        }
    }
}
