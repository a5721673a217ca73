// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// This process.
enum Process {
    /// Ends it with the given status.
    static func exit(_ status: Int32) -> Never { terminate(status) }

    /// Makes sure that descriptors 0, 1 and 2 are taken, so that no socket ever gets one of these numbers and the
    /// program's output with it.
    static func holdStandardDescriptors() {
        for number in Int32(0)...2 where fcntl(number, F_GETFD) == -1 {
            _ = open("/dev/null", number == 0 ? O_RDONLY : O_WRONLY)
        }
    }

    /// Its id.
    static var id: Int32 { getpid() }
}

/// `exit`, whose name commands use for their own.
private func terminate(_ status: Int32) -> Never {
    exit(status)
}
