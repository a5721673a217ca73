// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import CProcess

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The plain system call behind ``ChildProcess``: a new program in a process group of its own.
package enum Spawn {
    /// What the child finds at one of its three standard descriptors.
    enum Descriptor {
        /// The parent's descriptor of this number.
        case copy(Int32)
        /// A file, opened by the child; created and appended to when it is written.
        case open(path: String, writing: Bool)
        /// The same descriptor as the parent has.
        case inherit
    }

    /// Signals that this process may ignore or block, and that a child must see as every other program does.
    private static let signalsToReset = [SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGALRM, SIGTERM, SIGUSR1, SIGUSR2, SIGCHLD]

    /// Starts `executable`, a path, and returns its process id, which is also its group's.
    ///
    /// - Parameter progress: The descriptor that the child finds as number 3; nil for none.
    static func run(
        _ executable: String, arguments: [String], environment: [String: String], directory: String?,
        descriptors: (input: Descriptor, output: Descriptor, error: Descriptor), progress: Int32? = nil
    ) throws(ChildProcessError) -> pid_t {
        #if canImport(Darwin)
            var actions: posix_spawn_file_actions_t?
            var attributes: posix_spawnattr_t?
        #else
            var actions = posix_spawn_file_actions_t()
            var attributes = posix_spawnattr_t()
        #endif
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }

        for (number, descriptor) in [descriptors.input, descriptors.output, descriptors.error].enumerated() {
            let target = Int32(number)
            switch descriptor {
            case .copy(let source): posix_spawn_file_actions_adddup2(&actions, source, target)
            case .open(let path, let writing):
                let flags = writing ? O_WRONLY | O_CREAT | O_APPEND : O_RDONLY
                posix_spawn_file_actions_addopen(&actions, target, path, flags, 0o644)
            case .inherit: break
            }
        }
        // Last, because 3 may be the number of one of the others here.
        if let progress { posix_spawn_file_actions_adddup2(&actions, progress, 3) }
        if let directory { weft_spawn_change_directory(&actions, directory) }

        #if canImport(Darwin)
            let extraFlags = POSIX_SPAWN_CLOEXEC_DEFAULT
        #else
            let extraFlags: Int32 = 0
        #endif
        let flags = extraFlags | POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
        // No socket or file of this process may be held open by a child that outlives it.
        weft_spawn_close_from(&actions, progress == nil ? 3 : 4)
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        for number in self.signalsToReset { sigaddset(&signals, number) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(truncatingIfNeeded: flags))

        var arguments = ([executable] + arguments).map { strdup($0) }
        arguments.append(nil)
        var environment = environment.map { strdup("\($0.key)=\($0.value)") }
        environment.append(nil)
        defer { for pointer in arguments + environment { free(pointer) } }

        var child = pid_t()
        let code = posix_spawn(&child, executable, &actions, &attributes, arguments, environment)
        guard code == 0 else { throw ChildProcessError(operation: "starting \(executable)", code: code) }
        return child
    }

    /// A pipe whose ends no child inherits by accident.
    package static func pipe() throws(ChildProcessError) -> (reading: Int32, writing: Int32) {
        var ends = (reading: Int32(-1), writing: Int32(-1))
        let result = withUnsafeMutableBytes(of: &ends) { weft_pipe($0.bindMemory(to: Int32.self).baseAddress) }
        guard result == 0 else { throw ChildProcessError(operation: "making a pipe", code: errno) }
        return ends
    }
}
