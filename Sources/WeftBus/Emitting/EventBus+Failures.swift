// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking
import Logging
import WeftValue

/// Whether an `error` event is being handled, by whatever chain of emits and mailboxes: a failure then is logged and not
/// emitted, or an `error` handler that fails would call itself for ever.
enum ErrorHandling {
    @TaskLocal static var isUnderWay = false
}

extension EventBus {
    /// What a thrown error means; nil for a cancelled handler, which is no failure.
    func failure(_ error: any Error, _ emission: Emission) -> HandlerFailure? {
        switch error {
        case is CancellationError: return nil
        case let error as Undecodable: return self.failure(emission.mismatch(error), emission)
        case let error as EventDecodingError:
            self.count(\.undecodable)
            self.logger.debug("An event does not fit a listener", metadata: ["event.name": "\(emission.name)"])
            return HandlerFailure(.undecodable, event: emission.name, message: error.description, cause: error)
        default:
            self.count(\.handlerFailures)
            return HandlerFailure(.handlerFailed, event: emission.name, message: "\(error)", cause: error)
        }
    }

    func mailboxFull(_ emission: Emission) -> HandlerFailure {
        self.count(\.mailboxDrops)
        return HandlerFailure(
            .mailboxFull, event: emission.name,
            message: "too many events are waiting for the handler; use emit, which waits, or a faster handler")
    }

    /// An `error` event that no listener of its own takes.
    func unhandled(_ emission: Emission) {
        self.count(\.unhandledErrors)
        let reason = (try? emission.record().values())?.first
        self.logger.info(
            "Unhandled error event", metadata: ["error.message": "\(reason?.stringValue ?? reason?.json() ?? "")"])
    }

    /// An `error` event about a handler, with those who are to hear it.
    struct ErrorEvent: Sendable {
        let emission: Emission
        let listeners: [Listener]

        /// Whether any of its handlers is asynchronous.
        var needsWaiting: Bool {
            self.listeners.contains { if case .async = $0.handler { true } else { false } }
        }
    }

    /// Says on the bus that a handler failed, without waiting for asynchronous `error` handlers.
    func emitSync(_ error: ErrorEvent) {
        ErrorHandling.$isUnderWay.withValue(true) {
            var report = EmitReport()
            self.dispatchSync(error.emission, to: error.listeners, &report)
        }
    }

    /// Says on the bus that a handler failed.
    func emit(_ error: ErrorEvent) async {
        await ErrorHandling.$isUnderWay.withValue(true) {
            var report = EmitReport()
            await self.dispatch(error.emission, to: error.listeners, &report)
        }
    }

    /// The `error` event that a failure calls for; what calls for none is counted, logged or announced here.
    func errorEvent(_ failure: HandlerFailure, _ emission: Emission) -> ErrorEvent? {
        if failure.code == .undecodable {
            // About Weft's own events nothing is announced: a listener of `weft:undecodable` may itself not fit.
            if emission.name.kind != .weft, let error = failure.cause as? EventDecodingError {
                self.announce(
                    .undecodable, [.string(error.name.rawValue), .string(error.expected), .string(error.found)])
            }
            return nil
        }
        if emission.name.kind == .error || ErrorHandling.isUnderWay {
            self.count(\.failedErrorHandlers)
            self.logger.info(
                "An error handler failed",
                metadata: ["event.name": "\(failure.event)", "error.message": "\(failure.message)"])
            return nil
        }
        let (listeners, isHandled, origin) = self.state.withLock {
            ($0.registry.listeners(for: .error), $0.registry.hasOwnListeners(.error), $0.origin)
        }
        if !isHandled {
            self.count(\.unhandledErrors)
            self.logger.info(
                "Unhandled error of a handler",
                metadata: ["event.name": "\(failure.event)", "error.message": "\(failure.message)"])
        }
        guard !listeners.isEmpty else { return nil }
        return ErrorEvent(
            emission: Emission(name: .error, origin: origin, source: ArgumentBox(failure)), listeners: listeners)
    }
}
