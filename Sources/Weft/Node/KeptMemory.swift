// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import CProcess
import FoundationEssentials

/// What the process keeps of the memory that it frees.
///
/// A busy mesh allocates and frees messages of 64 KiB all the time. glibc gives such memory back to the system at once and
/// asks for it again, and each page is then cleared and mapped anew: that takes a third of the time of large events.
enum KeptMemory {
    /// Tells glibc, once for the process, to keep ``NodeDefaults/keptMemory``; elsewhere, and where the environment says
    /// something else (`MALLOC_TRIM_THRESHOLD_`, `MALLOC_MMAP_THRESHOLD_`), nothing is changed.
    static let isSet: Bool = {
        let environment = ProcessInfo.processInfo.environment
        guard environment["MALLOC_TRIM_THRESHOLD_"] == nil, environment["MALLOC_MMAP_THRESHOLD_"] == nil else {
            return false
        }
        // What is larger than any message is still mapped by itself, and given back.
        return weft_keep_memory(Int32(NodeDefaults.keptMemory), Int32(NodeDefaults.separateMemory)) != 0
    }()
}
