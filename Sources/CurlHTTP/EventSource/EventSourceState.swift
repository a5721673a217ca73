// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import DequeModule
import ServerSentEvents

/// What an event source does next, as a value: time and chance are handed in, and it touches no socket.
struct EventSourceState: Sendable {
    /// What the shell is to do.
    enum Step: Sendable {
        case deliver(EventSourceElement)
        case connect(TransferPlan)
        case read
        case pause(until: ContinuousClock.Instant)
        case finish
    }

    private enum Phase {
        case idle
        case redirected(WebAddress)
        case opening
        case streaming
        /// An answer that is no stream; the start of its body tells the operator why.
        case refused(ResponseHead, body: [UInt8])
        case pausing(until: ContinuousClock.Instant)
        case finished
    }

    /// How much of the body of a refusal is kept.
    private static let maximumRefusalBytes = 4096
    /// An id longer than this is not sent back: servers refuse such heads, and would do so for ever.
    private static let maximumSentID = 4096

    private let configuration: EventSource.Configuration
    private var parser: EventStreamParser
    private var phase = Phase.idle
    private var elements: Deque<EventSourceElement> = []
    private var address: WebAddress?
    private var hops = 0

    /// Failures in a row since the stream was last confirmed.
    private(set) var failures = 0

    init(_ configuration: EventSource.Configuration) {
        self.configuration = configuration
        self.parser = EventStreamParser(maximumEventBytes: configuration.maximumEventBytes)
    }

    /// Whether the transfer that is under way is still of use.
    var wantsTransfer: Bool {
        switch self.phase {
        case .opening, .streaming, .refused: true
        case .idle, .redirected, .pausing, .finished: false
        }
    }

    /// Whether it waits before it connects again.
    var isPausing: Bool {
        if case .pausing = self.phase { true } else { false }
    }

    /// What to do now; a step to connect is taken as done.
    mutating func next() -> Step {
        if let element = self.elements.popFirst() { return .deliver(element) }
        switch self.phase {
        case .idle:
            self.hops = 0
            return self.connect(to: nil)
        case .redirected(let address):
            return self.connect(to: address)
        case .opening, .streaming, .refused:
            return .read
        case .pausing(let instant):
            return .pause(until: instant)
        case .finished:
            return .finish
        }
    }

    /// Takes what the transfer brought.
    ///
    /// - Parameters:
    ///   - signal: What came.
    ///   - now: The present time.
    ///   - wallTime: The present time in seconds since 1970, for dates that servers name.
    ///   - generator: The source of the random part of pauses.
    mutating func received(
        _ signal: StreamSignal, now: ContinuousClock.Instant, wallTime: Int64,
        using generator: inout some RandomNumberGenerator
    ) {
        switch (signal, self.phase) {
        case (.head(let head), .opening):
            self.opened(head, now: now, using: &generator)
        case (.bytes(let bytes), .streaming):
            for element in self.parser.append(bytes) {
                switch element {
                case .event(let event):
                    self.elements.append(.event(event))
                case .oversized(let name, let id, let byteCount, let start):
                    self.elements.append(.oversized(name: name, id: id, byteCount: byteCount, start: start))
                }
            }
        case (.bytes(let bytes), .refused(let head, var body)):
            body.append(contentsOf: bytes.prefix(Self.maximumRefusalBytes - body.count))
            self.phase = .refused(head, body: body)
            if body.count >= Self.maximumRefusalBytes {
                self.concludeRefusal(now: now, wallTime: wallTime, using: &generator)
            }
        case (.ended(let error?), .refused) where error.code == .reconnectRequested || error.code == .cancelled:
            self.ended(error, now: now, using: &generator)
        case (.ended, .refused):
            self.concludeRefusal(now: now, wallTime: wallTime, using: &generator)
        case (.ended(let error), .opening), (.ended(let error), .streaming):
            self.ended(error, now: now, using: &generator)
        default:
            break
        }
    }

    /// The pause is over, or is cut short.
    mutating func endPause() {
        if case .pausing = self.phase {
            self.phase = .idle
        }
    }

    /// The stream has proved useful: the next failure counts as the first.
    mutating func confirm() {
        self.failures = 0
    }

    /// Delivers nothing more.
    mutating func finish() {
        self.elements = []
        self.phase = .finished
    }

    /// - Parameter address: Where a redirect leads; nil for the address that was configured.
    private mutating func connect(to redirected: WebAddress?) -> Step {
        var request = HTTPRequest(url: self.configuration.url, headers: self.configuration.headers)
        request.headers["Accept"] = "text/event-stream"
        request.headers["Cache-Control"] = "no-store"
        let id = self.parser.lastEventID
        if !id.isEmpty, id.utf8.count <= Self.maximumSentID, id.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) {
            request.headers["Last-Event-ID"] = id
        }
        do throws(HTTPError) {
            let address = if let redirected { redirected } else { try WebAddress(self.configuration.url) }
            var plan = try TransferPlan(request, address: address)
            plan.timeout = nil
            plan.responseTimeout = self.configuration.responseTimeout
            plan.idleLimit = self.configuration.idleLimit
            self.address = address
            self.phase = .opening
            return .connect(plan)
        } catch {
            self.phase = .finished
            return .deliver(.failed(error))
        }
    }

    private mutating func opened(
        _ head: ResponseHead, now: ContinuousClock.Instant, using generator: inout some RandomNumberGenerator
    ) {
        let place = self.address?.summary ?? ""
        if head.status == 200, head.mediaType == "text/event-stream" {
            self.parser.restart()
            self.phase = .streaming
            self.elements.append(.opened)
        } else if head.status == 200 {
            let type = HTTPError.printable(head.mediaType, limit: 64)
            self.disconnect(
                HTTPError(
                    .unexpectedContentType,
                    "\(place) answered with type \"\(type)\" instead of text/event-stream: check the address",
                    status: 200),
                floor: nil, now: now, using: &generator)
        } else if head.status == 204 {
            self.phase = .finished
            self.elements.append(
                .failed(HTTPError(.noContent, "\(place) answered 204, which asks clients to stop", status: 204)))
        } else if self.configuration.redirects == .sameOrigin, head.isRedirect, let address = self.address {
            self.redirect(head, from: address, now: now, using: &generator)
        } else {
            self.phase = .refused(head, body: [])
        }
    }

    private mutating func redirect(
        _ head: ResponseHead, from address: WebAddress, now: ContinuousClock.Instant,
        using generator: inout some RandomNumberGenerator
    ) {
        do throws(HTTPError) {
            guard self.hops < RedirectPolicy.maximumHops else {
                throw HTTPError(.tooManyRedirects, "\(address.origin) redirects in circles: correct the address")
            }
            let target = try address.following(head)
            self.hops += 1
            self.phase = .redirected(target)
        } catch {
            self.refuse(status: head.status, message: error.message, floor: nil, now: now, using: &generator)
        }
    }

    private mutating func concludeRefusal(
        now: ContinuousClock.Instant, wallTime: Int64, using generator: inout some RandomNumberGenerator
    ) {
        guard case .refused(let head, let body) = self.phase else { return }
        let floor = head.headers["Retry-After"].flatMap { RetryAfter.pause($0, now: wallTime) }
        let text = self.withoutSecrets(HTTPError.printable(String(decoding: body, as: UTF8.self), limit: 1000))
        // 408, 425 and 429 pass by themselves; so does whatever ails a server. The others are for an operator.
        if (400..<500).contains(head.status), ![408, 425, 429].contains(head.status) {
            self.refuse(status: head.status, message: text, floor: floor, now: now, using: &generator)
        } else {
            let place = self.address?.summary ?? ""
            let error = HTTPError(.unexpectedStatus, "\(place) answered \(head.status): \(text)", status: head.status)
            self.disconnect(error, floor: floor, now: now, using: &generator)
        }
    }

    private mutating func ended(
        _ error: HTTPError?, now: ContinuousClock.Instant, using generator: inout some RandomNumberGenerator
    ) {
        let place = self.address?.summary ?? ""
        switch error?.code {
        case .cancelled?:
            self.finish()
        case .shutDown?, .invalidRequest?:
            self.phase = .finished
            self.elements.append(.failed(error ?? TransferLoop.shutDownError))
        case .reconnectRequested?:
            self.phase = .idle
            self.elements.append(.disconnected(reason: error ?? TransferLoop.shutDownError, retryIn: .zero))
        default:
            let closed = HTTPError(.closed, "\(place) ended the stream: it is opened again")
            self.disconnect(error ?? closed, floor: nil, now: now, using: &generator)
        }
    }

    private mutating func disconnect(
        _ reason: HTTPError, floor: Duration?, now: ContinuousClock.Instant,
        using generator: inout some RandomNumberGenerator
    ) {
        let pause = self.pause(isRefused: false, floor: floor, now: now, using: &generator)
        self.elements.append(.disconnected(reason: reason, retryIn: pause))
    }

    private mutating func refuse(
        status: Int, message: String, floor: Duration?, now: ContinuousClock.Instant,
        using generator: inout some RandomNumberGenerator
    ) {
        let pause = self.pause(isRefused: true, floor: floor, now: now, using: &generator)
        self.elements.append(.refused(status: status, message: message, retryIn: pause))
    }

    private mutating func pause(
        isRefused: Bool, floor: Duration?, now: ContinuousClock.Instant,
        using generator: inout some RandomNumberGenerator
    ) -> Duration {
        self.failures = min(self.failures + 1, 1_000_000)
        let floor = [floor, self.parser.retry].compactMap(\.self).max()
        let pause = self.configuration.reconnect.pause(
            afterFailures: self.failures, isRefused: isRefused, floor: floor, using: &generator)
        self.phase = .pausing(until: now + pause)
        return pause
    }

    /// A server may repeat in its answer what it was sent; that must not end up in a log.
    private func withoutSecrets(_ text: String) -> String {
        self.configuration.headers.fields.reduce(text) { text, field in
            field.value.utf8.count < 4 ? text : text.replacing(field.value, with: "…")
        }
    }
}
