// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking

/// Sees to it that the programs of a worker die with it, also when it is killed and can do nothing itself any more.
///
/// A small shell beside the worker is told each program's process group, and kills those that are left when the pipe from the worker
/// closes, which the kernel does however the worker ends. Linux's "signal at the parent's death" is no way to do that: it can't be set
/// through `posix_spawn`, follows the thread that started the program and not the process, and stops at the shell, whose children don't
/// inherit it. A program that leaves its process group (`setsid`) gets away.
final class ExecReaper: Sendable {
    private static let script = """
        trap '' INT TERM HUP
        groups=' '
        while read -r what group; do
            case $what in
            +) groups="$groups$group " ;;
            -) case $groups in *" $group "*) groups="${groups%% "$group" *} ${groups#* "$group" }" ;; esac ;;
            esac
        done
        for group in $groups; do kill -KILL "-$group"; done
        """

    private struct State {
        var shell: ChildProcess?
        var isPrepared = false
    }

    private let state = Locked(State())

    deinit {
        self.state.withLock { $0.shell }?.closeInput()
    }

    /// Starts the shell, the first time; without one, programs may outlive a worker that is killed.
    func prepare() {
        self.state.withLock { state in
            guard !state.isPrepared else { return }
            state.isPrepared = true
            var configuration = ChildProcess.Configuration(
                executable: "/bin/sh", arguments: ["-c", Self.script, "weft-reaper"])
            configuration.input = .open
            configuration.output = .discard
            configuration.errorOutput = .discard
            state.shell = try? ChildProcess.start(configuration)
        }
    }

    /// A group has been started.
    func watch(_ group: Int32) {
        self.state.withLock { $0.shell }?.write("+ \(group)\n".utf8)
    }

    /// A group has ended, and its number may soon be another's.
    func release(_ group: Int32) {
        self.state.withLock { $0.shell }?.write("- \(group)\n".utf8)
    }
}
