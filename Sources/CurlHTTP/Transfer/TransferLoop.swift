// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import CCurl
import Locking
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The thread on which all transfers of one client run.
///
/// `@unchecked Sendable`: `multi` is made in `init` and then belongs to the loop's thread, which frees it at the end;
/// other threads use it for `curl_multi_wakeup` only, under the lock of `pending` and only while `isOpen`. `transfers`
/// and `streams` are touched by the loop's thread alone. Everything else is behind the lock.
final class TransferLoop: @unchecked Sendable {
    private enum Command {
        case start(Transfer)
        case cancel(Transfer)
        case resume(Transfer)
    }

    private struct Pending {
        var commands: [Command] = []
        /// The thread will look at the commands again before it sleeps.
        var isAwake = true
        /// The thread takes commands.
        var isOpen = true
        /// When what still runs is failed; set once the loop is told to stop.
        var stopAt: ContinuousClock.Instant?
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let configuration: HTTPClient.Configuration
    private let multi: UnsafeMutableRawPointer?
    private let pending = Locked(Pending())
    private var transfers: [UnsafeMutableRawPointer: Transfer] = [:]
    private var streams: [UnsafeMutableRawPointer: Transfer] = [:]

    /// libcurl's own start, once per process.
    private static let isLibraryReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    private static let cancelledError = HTTPError(.cancelled, "the transfer was cancelled")
    static let shutDownError = HTTPError(.shutDown, "the HTTP client was shut down: make a new one to send more")

    init(configuration: HTTPClient.Configuration) {
        self.configuration = configuration
        self.multi = Self.isLibraryReady ? curl_multi_init() : nil
        guard let multi = self.multi else {
            self.pending.withLock { $0.isOpen = false }
            return
        }
        _ = weft_curl_multi_set_long(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, max(1, configuration.maximumConnections))
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self)
        let code = pthread_create(&thread, nil, TransferLoop.main, context.toOpaque())
        guard code == 0 else {
            context.release()
            self.pending.withLock { $0.isOpen = false }
            curl_multi_cleanup(multi)
            return
        }
        pthread_detach(thread)
    }

    func start(_ transfer: Transfer) {
        if !self.post(.start(transfer)) {
            transfer.end(Self.shutDownError)
        }
    }

    func cancel(_ transfer: Transfer) {
        transfer.isCancelled.store(true, ordering: .releasing)
        _ = self.post(.cancel(transfer))
    }

    func resume(_ transfer: Transfer) {
        _ = self.post(.resume(transfer))
    }

    /// Refuses new transfers, and fails those that still run when `grace` is over.
    func stop(grace: Duration) {
        self.pending.withLock { pending in
            let stopAt = ContinuousClock.now + grace
            pending.stopAt = min(pending.stopAt ?? stopAt, stopAt)
            self.wake(&pending)
        }
    }

    /// Returns when the thread has let go of everything.
    func ended() async {
        await withCheckedContinuation { continuation in
            let hasEnded = self.pending.withLock { pending in
                if pending.isOpen {
                    pending.waiters.append(continuation)
                }
                return !pending.isOpen
            }
            if hasEnded {
                continuation.resume()
            }
        }
    }

    /// - Returns: False when the loop takes no more.
    private func post(_ command: Command) -> Bool {
        self.pending.withLock { pending in
            guard pending.isOpen else { return false }
            pending.commands.append(command)
            self.wake(&pending)
            return true
        }
    }

    private func wake(_ pending: inout Pending) {
        guard pending.isOpen, !pending.isAwake, let multi = self.multi else { return }
        pending.isAwake = true
        curl_multi_wakeup(multi)
    }
}

// MARK: - The thread

extension TransferLoop {
    /// How long the thread sleeps when nothing happens and no timer is due.
    private static let longestSleep = Duration.seconds(60)

    #if canImport(Darwin)
        private static let main: @convention(c) (UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? = { context in
            Unmanaged<TransferLoop>.fromOpaque(context).takeRetainedValue().run()
            return nil
        }
    #else
        private static let main: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
            if let context {
                Unmanaged<TransferLoop>.fromOpaque(context).takeRetainedValue().run()
            }
            return nil
        }
    #endif

    private func run() {
        guard let multi = self.multi else { return }
        var failure = Self.shutDownError
        while true {
            let (commands, stopAt) = self.pending.withLock { pending in
                pending.isAwake = true
                defer { pending.commands = [] }
                return (pending.commands, pending.stopAt)
            }
            for command in commands {
                self.perform(command, on: multi, isStopping: stopAt != nil)
            }
            var running: Int32 = 0
            curl_multi_perform(multi, &running)
            self.collect(from: multi)
            let now = ContinuousClock.now
            self.endSilentStreams(on: multi, now: now)
            if let stopAt, stopAt <= now || self.transfers.count == self.streams.count { break }
            guard self.sleep(on: multi, until: stopAt, now: now) else {
                failure = HTTPError(.failed, "libcurl can no longer wait for its connections: make a new client")
                break
            }
        }
        self.close(multi, failure)
    }

    private func perform(_ command: Command, on multi: UnsafeMutableRawPointer, isStopping: Bool) {
        switch command {
        case .start(let transfer):
            guard !isStopping else {
                transfer.end(Self.shutDownError)
                return
            }
            guard !transfer.isCancelled.load(ordering: .acquiring) else {
                transfer.end(Self.cancelledError)
                return
            }
            do throws(HTTPError) {
                let handle = try transfer.begin(self.configuration)
                let code = curl_multi_add_handle(multi, handle)
                guard code == CURLM_OK else {
                    throw HTTPError(.failed, "libcurl takes no more transfers (\(code.rawValue)): end some first")
                }
                self.transfers[handle] = transfer
                if transfer.plan.responseTimeout != nil {
                    self.streams[handle] = transfer
                }
            } catch {
                transfer.end(error)
            }
        case .cancel(let transfer):
            self.end(transfer, on: multi, Self.cancelledError)
        case .resume(let transfer):
            transfer.resume()
        }
    }

    private func end(_ transfer: Transfer, on multi: UnsafeMutableRawPointer, _ error: HTTPError?) {
        guard let handle = transfer.handle, self.transfers.removeValue(forKey: handle) != nil else { return }
        self.streams[handle] = nil
        curl_multi_remove_handle(multi, handle)
        transfer.end(error)
    }

    /// Ends the transfers that libcurl is done with.
    private func collect(from multi: UnsafeMutableRawPointer) {
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            // The message is libcurl's and gone with the handle: read it first.
            let (kind, handle, code) = (message.pointee.msg, message.pointee.easy_handle, message.pointee.data.result)
            guard kind == CURLMSG_DONE, let handle, let transfer = self.transfers[handle] else { continue }
            self.end(transfer, on: multi, transfer.error(for: code))
        }
    }

    private func endSilentStreams(on multi: UnsafeMutableRawPointer, now: ContinuousClock.Instant) {
        for transfer in self.streams.values {
            if let error = transfer.timedOut(now: now) {
                self.end(transfer, on: multi, error)
            }
        }
    }

    /// Waits for the connections, for a command, or for the next deadline.
    private func sleep(
        on multi: UnsafeMutableRawPointer, until stopAt: ContinuousClock.Instant?, now: ContinuousClock.Instant
    ) -> Bool {
        var wakeAt = min(stopAt ?? now + Self.longestSleep, now + Self.longestSleep)
        for transfer in self.streams.values where !transfer.isPaused {
            wakeAt = min(wakeAt, transfer.deadline ?? wakeAt)
        }
        let maySleep = self.pending.withLock { pending in
            guard pending.commands.isEmpty, pending.stopAt == stopAt else { return false }
            pending.isAwake = false
            return true
        }
        guard maySleep else { return true }
        return curl_multi_poll(multi, nil, 0, Int32(clamping: (wakeAt - now).wholeMilliseconds), nil) == CURLM_OK
    }

    private func close(_ multi: UnsafeMutableRawPointer, _ error: HTTPError) {
        let (commands, waiters) = self.pending.withLock { pending in
            pending.isOpen = false
            defer {
                pending.commands = []
                pending.waiters = []
            }
            return (pending.commands, pending.waiters)
        }
        for case .start(let transfer) in commands {
            transfer.end(error)
        }
        for transfer in self.transfers.values {
            self.end(transfer, on: multi, error)
        }
        curl_multi_cleanup(multi)
        for waiter in waiters {
            waiter.resume()
        }
    }
}
