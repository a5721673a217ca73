// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
public import WeftProtocol
import ZeroMQ

/// The directory of those who are trusted: one file `NAME.pub` for each node, see ``TrustEntry``.
///
/// It is read again as often as one likes: only what has changed is opened. A file that cannot be read any more keeps what it
/// said before, so that half a copy throws nobody out; a file that is gone takes its node with it.
public struct TrustDirectory: Sendable {
    /// How many nodes may be trusted; beyond it, files in the order of their names are left out.
    public static let maximumEntries = 1_024

    /// Where it is.
    public let path: String
    /// What is wrong, by file name; an empty name stands for the directory.
    public private(set) var problems: [String: TrustError] = [:]
    private var files: [String: (stamp: FileStamp?, entry: TrustEntry?)] = [:]
    private var last: TrustList?

    /// Names a directory; reads nothing yet.
    public init(path: String) {
        self.path = path
    }

    /// Reads what has changed.
    ///
    /// - Returns: Everyone who is trusted, expired keys included; what is wrong with single files is in ``problems``.
    /// - Throws: ``TrustError`` when the directory itself cannot be read; who was trusted before still is.
    public mutating func read() throws(TrustError) -> TrustList {
        do throws(TrustError) {
            let list = try self.readAll()
            self.last = list
            return list
        } catch {
            let named = TrustError(error.code, "the trust directory \(self.path) \(error.message)")
            self.problems[""] = named
            throw named
        }
    }

    private mutating func readAll() throws(TrustError) -> TrustList {
        guard let stamp = FileStamp(path: self.path) else { throw SmallFile.failed("cannot be read") }
        guard stamp.isDirectory else { throw TrustError(.unreadable, "is not a directory") }
        guard stamp.isOwn, !stamp.isWritableByAll else {
            throw TrustError(
                .permissions, "can be written by others (\(stamp.permissions)), who could let anybody in; chmod o-w it")
        }
        var names = Array(self.files.keys)
        if let listed = try? FileManager.default.contentsOfDirectory(atPath: self.path) {
            names = listed.filter { $0.hasSuffix(KeyFile.publicSuffix) && !$0.hasPrefix(".") }
            self.problems[""] = nil
            if names.count > Self.maximumEntries {
                self.problems[""] = TrustError(
                    .malformed,
                    "the trust directory \(self.path) has \(names.count) files; beyond \(Self.maximumEntries), in the order of "
                        + "their names, they do not count")
            }
        } else if self.last == nil {
            throw TrustError(.unreadable, "cannot be listed")
        } else {
            // Such as when strangers have taken all descriptors: who is new has to wait, but who is gone is gone.
            self.problems[""] = TrustError(.unreadable, "the trust directory \(self.path) cannot be listed")
        }
        let wanted = Set(names.sorted().prefix(Self.maximumEntries))
        let isFirst = self.last == nil
        self.files = self.files.filter { wanted.contains($0.key) }
        self.problems = self.problems.filter { $0.key.isEmpty || wanted.contains($0.key) }
        var changed: Set<String> = []
        for name in wanted.sorted() {
            let path = self.path + "/" + name
            guard let stamp = FileStamp(path: path) else {
                self.files[name] = nil
                continue
            }
            guard self.files[name]?.stamp != stamp else { continue }
            changed.insert(name)
            do throws(TrustError) {
                let entry = try Self.entry(name, path)
                self.files[name] = (stamp, entry)
                self.problems[name] = nil
            } catch {
                // What could not be opened is tried again; what makes no sense, when it has changed.
                self.files[name] = (error.code == .unreadable ? nil : stamp, self.files[name]?.entry)
                self.problems[name] = TrustError(error.code, "\(path): \(error.message)")
            }
        }
        let entries = self.files.values.compactMap(\.entry)
        do throws(TrustError) {
            return try TrustList(entries)
        } catch {
            guard !isFirst else { throw error }
            // Who was there before keeps its key; who came with the same one has to wait.
            for name in changed { self.problems[name] = TrustError(error.code, "\(self.path): \(error.message)") }
            let before = self.last?.entries ?? [:]
            let kept = self.files.keys.compactMap { before[String($0.dropLast(KeyFile.publicSuffix.count))] }
            return try TrustList(kept)
        }
    }

    /// Reads one public file; its name is the node's.
    ///
    /// - Throws: ``TrustError`` that names the file.
    public static func entry(at path: String) throws(TrustError) -> TrustEntry {
        do throws(TrustError) {
            let file = path.split(separator: "/").last.map(String.init) ?? path
            guard file.hasSuffix(KeyFile.publicSuffix) else {
                throw TrustError(.malformed, "is no public key: its name must end with \(KeyFile.publicSuffix)")
            }
            return try Self.entry(file, path)
        } catch {
            throw TrustError(error.code, "\(path) \(error.message)")
        }
    }

    private static func entry(_ file: String, _ path: String) throws(TrustError) -> TrustEntry {
        let bytes = try SmallFile.contents(of: path) { stamp throws(TrustError) in
            guard stamp.isOwn, !stamp.isWritableByAll else {
                throw TrustError(.permissions, "can be written by others (\(stamp.permissions)); chmod o-w it")
            }
        }
        let entry = try TrustEntry(name: String(file.dropLast(KeyFile.publicSuffix.count)), json: bytes)
        for key in entry.keys {
            do throws(ZeroMQError) {
                _ = try CurvePublicKey(key.text)
            } catch {
                throw TrustError(.malformed, error.message)
            }
        }
        return entry
    }
}
