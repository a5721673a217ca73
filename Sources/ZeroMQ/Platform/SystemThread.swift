// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

internal import CZeroMQ

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Threads of our own: for the loop, and for calls into libzmq that may never return.
enum SystemThread {
    private final class Body {
        let name: String
        let run: () -> Void

        init(name: String, run: @escaping () -> Void) {
            self.name = name
            self.run = run
        }
    }

    /// The calling thread, as a number that no other living thread has; never 0.
    static var current: UInt {
        #if os(Linux)
            UInt(pthread_self())
        #else
            UInt(bitPattern: pthread_self())
        #endif
    }

    /// Starts a detached thread that takes no signals.
    ///
    /// - Parameters:
    ///   - name: At most 15 bytes; what debuggers show.
    ///   - body: What it runs; handed over whole, nothing else may use what it captures unless that is Sendable.
    static func start(name: String, _ body: sending @escaping () -> Void) throws(ZeroMQError) {
        let box = Unmanaged.passRetained(Body(name: name, run: body))
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        // The new thread inherits the mask: signals go to the threads of the program, not to ours.
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_BLOCK, &all, &before)
        #if os(Linux)
            var thread = pthread_t()
        #else
            var thread: pthread_t?
        #endif
        let result = pthread_create(&thread, &attributes, SystemThread.entry, box.toOpaque())
        pthread_sigmask(SIG_SETMASK, &before, nil)
        guard result == 0 else {
            box.release()
            throw ZeroMQError(
                .threadFailed, "cannot start a thread (error \(result)); raise the limit of processes (ulimit -u)",
                systemError: result)
        }
    }

    #if os(Linux)
        private static let entry: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { argument in
            guard let argument else { return nil }
            SystemThread.run(argument)
            return nil
        }
    #else
        private static let entry: @convention(c) (UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? = { argument in
            SystemThread.run(argument)
            return nil
        }
    #endif

    private static func run(_ argument: UnsafeMutableRawPointer) {
        let body = Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
        #if os(Linux)
            pthread_setname_np(pthread_self(), body.name)
        #else
            pthread_setname_np(body.name)
        #endif
        body.run()
    }
}
