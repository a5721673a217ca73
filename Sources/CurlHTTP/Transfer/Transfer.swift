// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import CCurl
import Synchronization

/// One transfer: libcurl's handle and what belongs to it.
///
/// `@unchecked Sendable`: other threads only carry the reference, to name the transfer to its loop, and set
/// `isCancelled`. All variable state, and the handle, is touched by the loop's thread alone, from `begin` to `end`.
final class Transfer: @unchecked Sendable {
    let plan: TransferPlan
    let sink: any TransferSink
    /// Set before the loop is told to cancel, so that a start that comes after that does nothing.
    let isCancelled = Atomic(false)

    private(set) var handle: UnsafeMutableRawPointer?
    private var headerList: UnsafeMutablePointer<curl_slist>?
    private var errorText: UnsafeMutablePointer<CChar>?
    private var head = ResponseHeadParser()
    private var maximumHeaderBytes = 0
    /// Why this side broke the transfer off.
    private var failure: HTTPError?
    private(set) var isPaused = false
    /// When a stream is given up, unless bytes come first.
    private(set) var deadline: ContinuousClock.Instant?
    private var isHeadComplete = false
    /// An answer that is not a stream has a fixed time for its body, however slowly it drips.
    private var hasFixedDeadline = false

    /// How long the body of an answer that is not a stream may take.
    private static let errorBodyTimeout = Duration.seconds(5)

    init(plan: TransferPlan, sink: any TransferSink) {
        self.plan = plan
        self.sink = sink
    }

    /// Makes the handle and sets it up.
    func begin(_ configuration: HTTPClient.Configuration) throws(HTTPError) -> UnsafeMutableRawPointer {
        guard let handle = curl_easy_init() else {
            throw HTTPError(.failed, "out of memory for a transfer: free some and try again")
        }
        self.handle = handle
        self.maximumHeaderBytes = configuration.maximumHeaderBytes
        let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        self.errorText = errorText

        var options = EasyOptions(handle: handle)
        options.set(CURLOPT_ERRORBUFFER, pointer: errorText)
        options.set(CURLOPT_NOSIGNAL, 1)
        options.limitToHTTP()
        options.set(CURLOPT_URL, self.plan.address.text)
        options.set(CURLOPT_USERAGENT, configuration.userAgent)
        // One transfer per connection: a stream that is held back then holds back nobody else.
        options.set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
        options.set(CURLOPT_HTTP09_ALLOWED, 0)
        options.set(CURLOPT_FOLLOWLOCATION, 0)
        options.set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        options.set(CURLOPT_SSL_VERIFYPEER, 1)
        options.set(CURLOPT_SSL_VERIFYHOST, 2)
        if let file = configuration.certificateAuthorityFile {
            options.set(CURLOPT_CAINFO, file)
        }
        options.set(CURLOPT_CONNECTTIMEOUT_MS, configuration.connectTimeout.wholeMilliseconds)
        if let timeout = self.plan.timeout {
            options.set(CURLOPT_TIMEOUT_MS, timeout.wholeMilliseconds)
        }
        options.set(CURLOPT_TCP_KEEPALIVE, 1)
        options.set(CURLOPT_TCP_KEEPIDLE, 30)
        options.set(CURLOPT_TCP_KEEPINTVL, 10)
        options.leaveResolverBehind()
        self.setMethod(&options)
        self.setHeaders(&options)
        self.setCallbacks(&options)
        guard options.failure == nil else {
            throw HTTPError(
                .failed, "libcurl does not take option \(options.failure ?? 0): it is too old, use 7.85 or later")
        }
        if let limit = self.plan.responseTimeout {
            self.deadline = .now + configuration.connectTimeout + limit
        }
        return handle
    }

    /// Frees the handle, which is in no multi handle any more, and tells the sink.
    func end(_ error: HTTPError?) {
        if let handle = self.handle {
            curl_easy_cleanup(handle)
        }
        curl_slist_free_all(self.headerList)
        self.errorText?.deallocate()
        self.handle = nil
        self.headerList = nil
        self.errorText = nil
        self.sink.finished(error)
    }

    /// The error that libcurl's result stands for, or nil for success.
    func error(for code: CURLcode) -> HTTPError? {
        if let failure = self.failure { return failure }
        guard code != CURLE_OK else { return nil }
        return HTTPError(code, detail: self.errorText.map { String(cString: $0) } ?? "", plan: self.plan)
    }

    /// Lets a paused transfer go on.
    func resume() {
        guard self.isPaused, let handle = self.handle else { return }
        self.isPaused = false
        self.proveLife()
        // May call the write callback at once, and so pause again.
        curl_easy_pause(handle, CURLPAUSE_CONT)
    }

    /// The error of a stream whose deadline has passed, or nil while it has time.
    func timedOut(now: ContinuousClock.Instant) -> HTTPError? {
        guard !self.isPaused, let deadline = self.deadline, deadline <= now else { return nil }
        guard self.isHeadComplete else {
            return HTTPError(
                .timedOut,
                "\(self.plan.address.summary) did not answer within \(self.plan.responseTimeout ?? .zero): see whether it is overloaded"
            )
        }
        return HTTPError(
            .silent,
            "no sign of life from \(self.plan.address.summary) for \(self.plan.idleLimit ?? .zero): the stream is opened again"
        )
    }

    private func proveLife() {
        guard self.plan.responseTimeout != nil, !self.hasFixedDeadline, self.isHeadComplete else { return }
        self.deadline = self.plan.idleLimit.map { .now + $0 }
    }

    private func setMethod(_ options: inout EasyOptions) {
        if let body = self.plan.body {
            options.set(CURLOPT_POST, 1)
            options.copyBody(body)
        } else if self.plan.method == "POST" {
            options.set(CURLOPT_POST, 1)
            options.copyBody([])
        } else if self.plan.method == "HEAD" {
            options.set(CURLOPT_NOBODY, 1)
        } else {
            options.set(CURLOPT_HTTPGET, 1)
        }
        options.set(CURLOPT_CUSTOMREQUEST, self.plan.method)
    }

    private func setHeaders(_ options: inout EasyOptions) {
        var lines = self.plan.headers.fields.map { field in
            // A name with a semicolon is how libcurl is told of an empty value.
            field.value.isEmpty ? "\(field.name);" : "\(field.name): \(field.value)"
        }
        // Without a wait for 100 Continue, and without the type of an HTML form, which libcurl would add.
        for name in ["Expect", "Content-Type"] where self.plan.headers[name] == nil {
            lines.append("\(name):")
        }
        for line in lines {
            guard let list = curl_slist_append(self.headerList, line) else {
                options.fail()
                return
            }
            self.headerList = list
        }
        options.set(headers: self.headerList)
    }

    private func setCallbacks(_ options: inout EasyOptions) {
        // Unretained: the loop holds the transfer until it has removed the handle, and libcurl calls only until then.
        let context = Unmanaged.passUnretained(self).toOpaque()
        options.set(CURLOPT_WRITEDATA, pointer: context)
        options.set(CURLOPT_HEADERDATA, pointer: context)
        options.set(CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            guard let context, let bytes else { return 0 }
            let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
            return transfer.write(UnsafeRawBufferPointer(start: bytes, count: size * count))
        }
        options.set(CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
            guard let context, let bytes else { return 0 }
            let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
            return transfer.header(UnsafeRawBufferPointer(start: bytes, count: size * count))
        }
    }

    private func write(_ bytes: UnsafeRawBufferPointer) -> Int {
        self.proveLife()
        switch self.sink.received(bytes) {
        case .taken:
            return bytes.count
        case .pause:
            self.isPaused = true
            return weft_curl_write_pause()
        case .abort(let error):
            self.failure = error
            return 0
        }
    }

    private func header(_ bytes: UnsafeRawBufferPointer) -> Int {
        switch self.head.append(Array(bytes), limit: self.maximumHeaderBytes) {
        case .incomplete:
            return bytes.count
        case .complete(let head):
            self.isHeadComplete = true
            self.proveLife()
            if self.plan.responseTimeout != nil, head.status != 200 {
                self.deadline = .now + Self.errorBodyTimeout
                self.hasFixedDeadline = true
            }
            guard case .abort(let error) = self.sink.received(head) else { return bytes.count }
            self.failure = error
            return 0
        case .tooLarge:
            self.failure = HTTPError(
                .responseTooLarge,
                "the head of the answer from \(self.plan.address.summary) is larger than \(self.maximumHeaderBytes) bytes: "
                    + "see what answers there, or raise maximumHeaderBytes")
            return 0
        }
    }
}

extension Duration {
    /// In milliseconds, at least 1, because libcurl takes 0 for its own default, and at most about 24 days.
    var wholeMilliseconds: Int {
        let (seconds, attoseconds) = self.components
        guard seconds < 2_147_483 else { return Int(Int32.max) }
        return max(1, Int(clamping: seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000))
    }
}
