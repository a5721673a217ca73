// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Keeps a part of the process's descriptors out of the hands of those who connect to it.
///
/// libzmq accepts whoever comes, until none is left. Then more than new connections fails: files cannot be opened, no
/// program be started, and libdispatch, which looks into procfs once a second, traps. So whoever gets one of the last
/// descriptors is hung up on at once.
public struct DescriptorReserve: Sendable {
    /// Connections whose descriptor is at least this high are turned away.
    public let threshold: UInt32
    /// How many files the process may have open.
    public let limit: Int

    /// More than this is never kept free.
    static let most = 512

    /// Reads the limit in force.
    public init() {
        self.init(limit: DescriptorLimit.available(wanted: 0, raising: false))
    }

    init(limit: Int) {
        self.limit = limit
        // Many come at once before the first of them is turned away: as many as wait to be accepted at all sockets.
        self.threshold = UInt32(clamping: limit - min(limit / 2, Self.most))
    }

    /// Hangs up on somebody who has just been let in, if nearly all descriptors are in use.
    ///
    /// Descriptors are given out from the lowest one up, so the number of the newest one says how many are in use.
    ///
    /// - Returns: Whether it was so.
    public func turnsAway(_ event: MonitorEvent) -> Bool {
        guard event.kind == .accepted, event.value >= self.threshold, let descriptor = Int32(exactly: event.value)
        else {
            return false
        }
        // libzmq owns the descriptor, and closes it when it reads the end. If it has done so already, the number is
        // nobody's, or another one's who got one of the last; what is no socket is not touched by this.
        shutdown(descriptor, Int32(SHUT_RDWR))
        return true
    }
}
