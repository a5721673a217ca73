// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How many files this process may have open: libzmq aborts the process when it runs out of them.
enum DescriptorLimit {
    /// The limit in force, after raising it towards `wanted` as far as the hard limit allows, if that is asked for.
    static func available(wanted: Int, raising: Bool) -> Int {
        var limit = rlimit()
        #if os(Linux)
            let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
            let resource = RLIMIT_NOFILE
        #endif
        guard getrlimit(resource, &limit) == 0 else { return 256 }
        let current = Int(clamping: limit.rlim_cur)
        guard raising, current < wanted, limit.rlim_cur < limit.rlim_max else { return current }
        limit.rlim_cur = min(rlim_t(clamping: wanted), limit.rlim_max)
        return setrlimit(resource, &limit) == 0 ? Int(clamping: limit.rlim_cur) : current
    }
}
