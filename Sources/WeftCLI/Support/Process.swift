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

    /// Its id.
    static var id: Int32 { getpid() }
}

/// `exit`, whose name commands use for their own.
private func terminate(_ status: Int32) -> Never {
    exit(status)
}
