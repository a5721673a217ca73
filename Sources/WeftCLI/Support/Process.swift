// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// This process.
enum Process {
    private static let isEnding = Atomic<Bool>(false)

    /// Ends it with the given status.
    ///
    /// Whoever is first decides: an abort lets the running command end too, and its status would say that all was well.
    ///
    /// - Parameters:
    ///   - status: The status.
    ///   - last: What to do before the end, and only by whom is first.
    static func exit(_ status: Int32, after last: (() -> Void)? = nil) -> Never {
        guard !Self.isEnding.exchange(true, ordering: .relaxed) else { while true { pause() } }
        last?()
        terminate(status)
    }

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
