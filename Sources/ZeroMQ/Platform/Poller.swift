// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

internal import CZeroMQ

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Waits until one of many descriptors is readable: epoll on Linux, poll elsewhere.
///
/// It belongs to one thread. libzmq's own `zmq_poll` rebuilds its set on each call and asks every socket each time,
/// which a node with a hundred sockets would pay for on each turn.
struct Poller: ~Copyable {
    #if os(Linux)
        private let descriptor: Int32
        private var events = [epoll_event](repeating: epoll_event(), count: 128)
        /// Whether the system has the call that waits for nanoseconds, as Linux has since 5.11.
        private var isPrecise = true

        init() throws(ZeroMQError) {
            self.descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
            guard self.descriptor >= 0 else {
                throw ZeroMQError.make(number: errno, doing: "open the descriptor that waits for sockets")
            }
        }

        deinit {
            close(self.descriptor)
        }

        /// Watches a descriptor; `token` comes back from ``wait(milliseconds:into:)``.
        mutating func add(_ watched: Int32, token: UInt64) throws(ZeroMQError) {
            var event = epoll_event()
            event.events = EPOLLIN.rawValue
            event.data.u64 = token
            guard epoll_ctl(self.descriptor, EPOLL_CTL_ADD, watched, &event) == 0 else {
                throw ZeroMQError.make(number: errno, doing: "watch a socket")
            }
        }

        mutating func remove(_ watched: Int32) {
            var event = epoll_event()
            _ = epoll_ctl(self.descriptor, EPOLL_CTL_DEL, watched, &event)
        }

        /// Waits for at most so long, nil without limit, and appends the tokens of what is readable.
        mutating func wait(for limit: Duration?, into tokens: inout [UInt64]) {
            let capacity = Int32(self.events.count)
            var count: Int32 = -1
            #if canImport(Glibc)
                // Timers of less than a millisecond are worth little to a call that counts in those.
                if self.isPrecise, let limit, limit > .zero {
                    let (seconds, attoseconds) = limit.components
                    var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
                    count = epoll_pwait2(self.descriptor, &self.events, capacity, &time, nil)
                    if count < 0, errno != EINTR { self.isPrecise = false }
                } else {
                    count = epoll_wait(self.descriptor, &self.events, capacity, Self.milliseconds(limit))
                }
            #else
                count = epoll_wait(self.descriptor, &self.events, capacity, Self.milliseconds(limit))
            #endif
            guard count > 0 else { return }  // EINTR included: the caller goes round
            for index in 0..<Int(count) {
                tokens.append(self.events[index].data.u64)
            }
        }
    #else
        private var watched: [pollfd] = []
        private var tokens: [UInt64] = []

        init() throws(ZeroMQError) {}

        /// Watches a descriptor; `token` comes back from ``wait(milliseconds:into:)``.
        mutating func add(_ descriptor: Int32, token: UInt64) throws(ZeroMQError) {
            self.watched.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
            self.tokens.append(token)
        }

        mutating func remove(_ descriptor: Int32) {
            guard let index = self.watched.firstIndex(where: { $0.fd == descriptor }) else { return }
            self.watched.remove(at: index)
            self.tokens.remove(at: index)
        }

        /// Waits for at most so long, nil without limit, and appends the tokens of what is readable.
        mutating func wait(for limit: Duration?, into tokens: inout [UInt64]) {
            guard poll(&self.watched, nfds_t(self.watched.count), Self.milliseconds(limit)) > 0 else { return }
            for (index, item) in self.watched.enumerated() where item.revents != 0 {
                tokens.append(self.tokens[index])
            }
        }
    #endif

    /// Whole milliseconds, more rather than less, as `poll` takes them.
    private static func milliseconds(_ limit: Duration?) -> Int32 {
        guard let limit else { return -1 }
        guard limit > .zero else { return 0 }
        return Int32(clamping: limit.nanosecondsClamped / 1_000_000 + 1)
    }

    /// Whether a descriptor is readable at this moment.
    static func isReadable(_ descriptor: Int32) -> Bool {
        var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&item, 1, 0) > 0
    }
}
