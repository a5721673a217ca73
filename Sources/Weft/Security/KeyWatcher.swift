// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Logging
import WeftProtocol

/// Looks after a node's files of keys, off its loop.
struct KeyWatcher {
    private let keys: NodeKeys
    private let logger: Logger
    private var directory: TrustDirectory
    private var keyStamp: FileStamp?
    private var valid: TrustList
    private var known: [String: TrustError] = [:]
    private let onBadFile: @Sendable () -> Void

    /// What has changed.
    struct Change: Sendable {
        var trust: TrustList?
        var key: KeyFile?
    }

    /// Reads the files for the first time.
    ///
    /// - Throws: ``TrustError`` for anything that is wrong with them: whoever starts a node is there to put it right.
    static func load(
        _ keys: NodeKeys, logger: Logger, onBadFile: @escaping @Sendable () -> Void
    ) throws(TrustError) -> (watcher: KeyWatcher, key: KeyFile, trust: TrustList) {
        let stamp = FileStamp(path: keys.keyFile)
        let key = try KeyFile.read(keys.keyFile)
        var directory = TrustDirectory(path: keys.trustDirectory)
        let trust = try directory.read()
        if let problem = directory.problems.sorted(by: { $0.key < $1.key }).first { throw problem.value }
        let watcher = KeyWatcher(
            keys: keys, logger: logger, directory: directory, keyStamp: stamp, valid: trust.valid(at: Date()),
            onBadFile: onBadFile)
        return (watcher, key, trust)
    }

    private init(
        keys: NodeKeys, logger: Logger, directory: TrustDirectory, keyStamp: FileStamp?, valid: TrustList,
        onBadFile: @escaping @Sendable () -> Void
    ) {
        self.keys = keys
        self.logger = logger
        self.directory = directory
        self.keyStamp = keyStamp
        self.valid = valid
        self.onBadFile = onBadFile
    }

    /// Looks at the files until the task is cancelled, and says what has changed.
    @concurrent
    func run(_ changed: @escaping @Sendable (Change) -> Void) async {
        var watcher = self
        while !Task.isCancelled {
            try? await Task.sleep(for: watcher.keys.reloadInterval)
            guard !Task.isCancelled else { return }
            if let change = watcher.look() { changed(change) }
        }
    }

    private mutating func look() -> Change? {
        var change = Change()
        var problems: [String: TrustError] = [:]
        let stamp = FileStamp(path: self.keys.keyFile)
        if stamp != self.keyStamp {
            do throws(TrustError) {
                let key = try KeyFile.read(self.keys.keyFile)
                guard key.name == self.keys.name else {
                    throw TrustError(.malformed, "the key file \(self.keys.keyFile) has become \(key.name)'s")
                }
                self.keyStamp = stamp
                change.key = key
            } catch {
                // Looked at again next time: it may be in the middle of being replaced.
                problems["key"] = error
            }
        }
        do throws(TrustError) {
            // Also when no file has changed: keys expire.
            let valid = try self.directory.read().valid(at: Date())
            if valid != self.valid {
                self.valid = valid
                change.trust = valid
            }
        } catch {}
        for (name, problem) in self.directory.problems { problems["trust/\(name)"] = problem }
        self.report(problems)
        return change.key == nil && change.trust == nil ? nil : change
    }

    private mutating func report(_ problems: [String: TrustError]) {
        for (name, problem) in problems where self.known[name] != problem {
            self.onBadFile()
            self.logger.error(
                "A file of keys cannot be used; what it said before still holds", metadata: ["error": "\(problem)"])
        }
        self.known = problems
    }
}
