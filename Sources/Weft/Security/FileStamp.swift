// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftProtocol

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What tells one version of a file from another, and who may read and write it.
struct FileStamp: Hashable, Sendable {
    private let device: UInt64
    private let inode: UInt64
    private let size: Int64
    private let seconds: Int
    private let nanoseconds: Int
    private let mode: UInt32
    private let owner: UInt32

    init(_ status: stat) {
        self.device = UInt64(truncatingIfNeeded: status.st_dev)
        self.inode = UInt64(truncatingIfNeeded: status.st_ino)
        self.size = Int64(truncatingIfNeeded: status.st_size)
        #if canImport(Darwin)
            self.seconds = status.st_mtimespec.tv_sec
            self.nanoseconds = status.st_mtimespec.tv_nsec
        #else
            self.seconds = status.st_mtim.tv_sec
            self.nanoseconds = status.st_mtim.tv_nsec
        #endif
        self.mode = UInt32(truncatingIfNeeded: status.st_mode)
        self.owner = UInt32(truncatingIfNeeded: status.st_uid)
    }

    /// The stamp of what a path leads to; nil when there is nothing.
    init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.init(status)
    }

    var isFile: Bool { self.mode & UInt32(S_IFMT) == UInt32(S_IFREG) }
    var isDirectory: Bool { self.mode & UInt32(S_IFMT) == UInt32(S_IFDIR) }
    /// Whether anybody but its owner can do anything with it.
    var isOpenToOthers: Bool { self.mode & 0o077 != 0 }
    /// Whether everybody can change it.
    var isWritableByAll: Bool { self.mode & 0o002 != 0 }
    /// Whether it belongs to who runs this process, or to root.
    var isOwn: Bool { self.owner == 0 || self.owner == UInt32(geteuid()) }
    /// As `ls` counts it.
    var permissions: String { "0" + String(self.mode & 0o777, radix: 8) }
}
