// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    public import Glibc
#elseif canImport(Musl)
    public import Musl
#else
    public import Darwin
#endif

/// A value behind a lock.
///
/// This is a `pthread_mutex_t` and not `Synchronization.Mutex`, because the thread sanitizer on Linux cannot see into
/// the latter and reports races that are not there.
///
/// `@unchecked Sendable`: what `storage` points to is read and written only between `pthread_mutex_lock` and
/// `pthread_mutex_unlock` of `mutex`; all are allocated in `init` and freed in `deinit`, when nobody else can hold
/// a reference. It is a pointer because the lock already excludes what a property's exclusivity check would look for.
public final class Locked<Value>: @unchecked Sendable {
    @usableFromInline let mutex: UnsafeMutablePointer<pthread_mutex_t>
    @usableFromInline let condition: UnsafeMutablePointer<pthread_cond_t>
    @usableFromInline let storage: UnsafeMutablePointer<Value>

    package init(_ value: sending Value) {
        self.storage = .allocate(capacity: 1)
        self.storage.initialize(to: value)
        self.mutex = .allocate(capacity: 1)
        self.condition = .allocate(capacity: 1)
        let mutexError = pthread_mutex_init(self.mutex, nil)
        #if canImport(Darwin)
            let conditionError = pthread_cond_init(self.condition, nil)
        #else
            // Waits must not grow when someone sets the system's clock back.
            var attributes = pthread_condattr_t()
            pthread_condattr_init(&attributes)
            pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
            let conditionError = pthread_cond_init(self.condition, &attributes)
            pthread_condattr_destroy(&attributes)
        #endif
        precondition(mutexError == 0 && conditionError == 0, "the system is out of resources for a mutex")
    }

    deinit {
        pthread_cond_destroy(self.condition)
        pthread_mutex_destroy(self.mutex)
        self.condition.deallocate()
        self.storage.deinitialize(count: 1)
        self.storage.deallocate()
        self.mutex.deallocate()
    }

    /// Runs `body` with exclusive access to the value.
    ///
    /// Called from another module this is unspecialised generic code, which costs more than the lock; where that matters there
    /// is ``withLockInlined(_:)``.
    package func withLock<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        pthread_mutex_lock(self.mutex)
        defer { pthread_mutex_unlock(self.mutex) }
        return try body(&self.storage.pointee)
    }

    /// The same as ``withLock(_:)``, compiled into its caller: for locks that are taken for each event.
    ///
    /// Public, because what is inlinable for the package alone is not inlined. Not for asynchronous functions: in some
    /// the compiler fails.
    @inlinable @inline(__always)
    public func withLockInlined<Result>(_ body: (inout Value) -> Result) -> Result {
        pthread_mutex_lock(self.mutex)
        defer { pthread_mutex_unlock(self.mutex) }
        return body(&self.storage.pointee)
    }

    /// Blocks the calling thread until `condition` holds or `timeout` has passed, then runs `body` under the same lock.
    ///
    /// Whoever changes the value so that a waiter may go on calls ``wakeWaiters()``.
    ///
    /// - Returns: what `body` returned, or nil when the time ran out first.
    package func waitAndLock<Result>(
        timeout: Duration, until condition: (borrowing Value) -> Bool, _ body: (inout Value) -> sending Result
    ) -> sending Result? {
        var deadline = timespec()
        #if canImport(Darwin)
            clock_gettime(CLOCK_REALTIME, &deadline)
        #else
            clock_gettime(CLOCK_MONOTONIC, &deadline)
        #endif
        // A century at most: more would overflow, and less than nothing is no time that the system takes.
        let (seconds, attoseconds) = min(max(timeout, .zero), .seconds(3_155_760_000)).components
        let nanoseconds = deadline.tv_nsec + Int(attoseconds / 1_000_000_000)
        deadline.tv_sec += Int(clamping: seconds) + nanoseconds / 1_000_000_000
        deadline.tv_nsec = nanoseconds % 1_000_000_000
        pthread_mutex_lock(self.mutex)
        defer { pthread_mutex_unlock(self.mutex) }
        while !condition(self.storage.pointee) {
            if pthread_cond_timedwait(self.condition, self.mutex, &deadline) != 0 {
                guard condition(self.storage.pointee) else { return nil }
            }
        }
        return body(&self.storage.pointee)
    }

    /// Wakes every thread in ``waitAndLock(timeout:until:_:)``.
    package func wakeWaiters() {
        pthread_cond_broadcast(self.condition)
    }
}
