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

        /// Waits for at most `milliseconds` (-1: no limit) and appends the tokens of what is readable.
        mutating func wait(milliseconds: Int32, into tokens: inout [UInt64]) {
            let capacity = Int32(self.events.count)
            let count = epoll_wait(self.descriptor, &self.events, capacity, milliseconds)
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

        /// Waits for at most `milliseconds` (-1: no limit) and appends the tokens of what is readable.
        mutating func wait(milliseconds: Int32, into tokens: inout [UInt64]) {
            guard poll(&self.watched, nfds_t(self.watched.count), milliseconds) > 0 else { return }
            for (index, item) in self.watched.enumerated() where item.revents != 0 {
                tokens.append(self.tokens[index])
            }
        }
    #endif

    /// Whether a descriptor is readable at this moment.
    static func isReadable(_ descriptor: Int32) -> Bool {
        var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&item, 1, 0) > 0
    }
}
