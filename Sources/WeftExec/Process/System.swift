// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import CProcess

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The system's text for an error number.
package func systemMessage(_ code: Int32) -> String {
    // `strerror` is safe here: the C libraries of the systems that this runs on give known codes a constant text.
    guard let text = strerror(code) else { return "error \(code)" }
    return String(cString: text)
}

/// Runs `body` on a thread of its own, for calls that block.
///
/// SIGPIPE is blocked there, so that writing to a closed pipe is an error to handle and not the end of the process.
package func startThread(_ body: @escaping @Sendable () -> Void) throws(ChildProcessError) {
    let context = Unmanaged.passRetained(ThreadBody(body))
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    pthread_attr_setstacksize(&attributes, 512 * 1024)
    #if canImport(Darwin)
        var thread: pthread_t?
        let code = pthread_create(&thread, &attributes, { runThread($0) }, context.toOpaque())
    #else
        var thread = pthread_t()
        let code = pthread_create(&thread, &attributes, { runThread($0) }, context.toOpaque())
    #endif
    guard code == 0 else {
        context.release()
        throw ChildProcessError(operation: "starting a thread", code: code)
    }
}

private final class ThreadBody: Sendable {
    let run: @Sendable () -> Void

    init(_ run: @escaping @Sendable () -> Void) {
        self.run = run
    }
}

private func runThread(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGPIPE)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    guard let context else { return nil }
    // Balances `passRetained` in `startThread`: this thread is the only one that takes the body.
    Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().run()
    return nil
}
