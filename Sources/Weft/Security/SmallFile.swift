// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftProtocol

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Reads and writes the few small files that keys live in.
enum SmallFile {
    /// More than any key file needs.
    static let limit = 16 << 10

    /// Reads a file whose stamp has been approved of; what is read is what was approved.
    static func contents(of path: String, _ approve: (FileStamp) throws(TrustError) -> Void) throws(TrustError)
        -> [UInt8]
    {
        // Not blocking: somebody may have put a pipe there.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw Self.failed("cannot be read") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Self.failed("cannot be read") }
        let stamp = FileStamp(status)
        guard stamp.isFile else { throw TrustError(.unreadable, "is not a file") }
        try approve(stamp)
        guard status.st_size <= self.limit else { throw TrustError(.malformed, "is larger than \(self.limit) bytes") }
        var bytes = [UInt8](repeating: 0, count: self.limit + 1)
        var count = 0
        while count < bytes.count {
            let got = bytes.withUnsafeMutableBytes { buffer in
                // Within the buffer: `count` is less than its size.
                read(descriptor, buffer.baseAddress?.advanced(by: count), buffer.count - count)
            }
            if got == 0 { break }
            guard got > 0 || errno == EINTR else { throw Self.failed("cannot be read") }
            count += max(got, 0)
        }
        guard count <= self.limit else { throw TrustError(.malformed, "is larger than \(self.limit) bytes") }
        return Array(bytes.prefix(count))
    }

    /// Writes a file that must not be there yet: whole and on disk, or not at all.
    static func create(_ path: String, _ text: String, permissions: mode_t) throws(TrustError) {
        var generator = SystemRandomNumberGenerator()
        let temporary = path + ".\(String(generator.next(), radix: 36)).tmp"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, permissions)
        guard descriptor >= 0 else { throw Self.failed("cannot be written") }
        defer { unlink(temporary) }
        var written = true
        // Whatever the process's mask says.
        if fchmod(descriptor, permissions) != 0 { written = false }
        var rest = Array(text.utf8)[...]
        while written, !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 { rest = rest.dropFirst(count) } else if errno != EINTR { written = false }
        }
        if fsync(descriptor) != 0 { written = false }
        let number = errno
        close(descriptor)
        guard written else { throw Self.failed("cannot be written", number) }
        // Unlike a rename, a link never replaces what is there.
        guard link(temporary, path) == 0 else {
            if errno == EEXIST { throw TrustError(.exists, "is there already, and is not overwritten") }
            throw Self.failed("cannot be written")
        }
    }

    static func failed(_ what: String, _ number: Int32 = errno) -> TrustError {
        TrustError(.unreadable, "\(what): \(String(cString: strerror(number)))")
    }
}
