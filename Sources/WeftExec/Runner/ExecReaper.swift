// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import CProcess
import Locking

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Sees to it that the programs of a worker die with it, also when it is killed and can do nothing itself any more.
///
/// A small shell beside the worker is told each program's process group, and kills those that are left when the connection to the worker
/// closes, which the kernel does however the worker ends. Linux's "signal at the parent's death" is no way to do that: it can't be set
/// through `posix_spawn`, follows the thread that started the program and not the process, and stops at the shell, whose children don't
/// inherit it. A program that leaves its process group (`setsid`) gets away.
///
/// A worker that is killed while it starts a program can't tell the group any more. So each start is announced before, by a mark in
/// the program's environment, for which the shell looks in procfs when the group is not known. The child has a copy of the
/// connection until it executes the program, so that the end of the connection can't come before the mark can be seen.
final class ExecReaper: Sendable {
    /// The variable with the mark.
    static let variable = "WEFT_PROGRAM"

    private static let script = """
        trap '' INT TERM HUP
        groups=' '
        mark=
        while read -r what group; do
            case $what in
            '?') mark=$group ;;
            +) groups="$groups$group " mark= ;;
            -) case $groups in *" $group "*) groups="${groups%% "$group" *} ${groups#* "$group" }" ;; esac ;;
            esac
        done
        for group in $groups; do kill -KILL "-$group"; done
        [ -n "$mark" ] || exit 0
        for file in $(grep -l "\(variable)=$mark" /proc/[0-9]*/environ); do
            group=${file#/proc/}
            kill -KILL "-${group%/environ}"
        done
        """

    private struct State {
        var isPrepared = false
        /// The worker's end; nil without a shell.
        var socket: Int32?
        var shell: Int32 = 0
    }

    private let state = Locked(State())

    deinit {
        let (socket, shell) = self.state.withLock { ($0.socket, $0.shell) }
        guard let socket else { return }
        close(socket)
        try? startThread {
            var status: Int32 = 0
            while waitpid(shell, &status, 0) < 0, errno == EINTR {}
        }
    }

    /// Starts the shell, the first time; without one, programs may outlive a worker that is killed.
    func prepare() {
        self.state.withLock { state in
            guard !state.isPrepared else { return }
            state.isPrepared = true
            var ends = (ours: Int32(-1), theirs: Int32(-1))
            let result = withUnsafeMutableBytes(of: &ends) {
                weft_socket_pair($0.bindMemory(to: Int32.self).baseAddress)
            }
            guard result == 0 else { return }
            defer { close(ends.theirs) }
            let nothing = Spawn.Descriptor.open(path: "/dev/null", writing: true)
            do throws(ChildProcessError) {
                state.shell = try Spawn.run(
                    "/bin/sh", arguments: ["-c", Self.script, "weft-reaper"], environment: [:], directory: nil,
                    descriptors: (.copy(ends.theirs), nothing, nothing))
                state.socket = ends.ours
            } catch {
                close(ends.ours)
            }
        }
    }

    /// A program is about to be started.
    ///
    /// - Returns: What its environment must have as ``variable``.
    func announce() -> String {
        let mark = "\(getpid()).\(UInt64.random(in: .min ... .max))"
        self.send("? \(mark)\n")
        return mark
    }

    /// The group that was announced has been started.
    func watch(_ group: Int32) {
        self.send("+ \(group)\n")
    }

    /// A group has ended, and its number may soon be another's.
    func release(_ group: Int32) {
        self.send("- \(group)\n")
    }

    /// Hands over at once, so that it has arrived even when the worker is killed in the next moment.
    private func send(_ line: String) {
        self.state.withLock { state in
            guard let socket = state.socket else { return }
            let bytes = Array(line.utf8)
            // What finds no room is lost: then the shell itself hangs, and could kill nothing either.
            _ = bytes.withUnsafeBytes { weft_send(socket, $0.baseAddress, UInt($0.count)) }
        }
    }
}
