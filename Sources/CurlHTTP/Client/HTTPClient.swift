// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// A client for HTTP over libcurl, with a thread of its own on which all its transfers run.
///
/// Connections are kept open and used again; when a kept one turns out to have been closed meanwhile, libcurl sends the
/// request once more on a new one. Certificates are verified. Only `http` and `https` are spoken, in version 1.1. The
/// variables `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy` are honoured the way the command `curl` does.
///
/// A client that nobody holds any more fails what it has not finished; ``shutdown(within:)`` does so in good order.
public final class HTTPClient: Sendable {
    let loop: TransferLoop

    /// Creates a client and starts its thread.
    public init(configuration: Configuration = Configuration()) {
        self.loop = TransferLoop(configuration: configuration)
    }

    deinit {
        self.loop.stop(grace: .zero)
    }

    /// Sends a request and returns the whole answer, whatever its status.
    ///
    /// When the calling task is cancelled, the transfer is broken off at once.
    ///
    /// - Throws: An ``HTTPError`` when no whole answer came.
    public func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse {
        let deadline = ContinuousClock.now + request.timeout
        var request = request
        var address = try WebAddress(request.url)
        for _ in 0...RedirectPolicy.maximumHops {
            var plan = try TransferPlan(request, address: address)
            plan.timeout = max(.milliseconds(1), deadline - .now)
            let collector = ResponseCollector(maximumBytes: request.maximumResponseBytes, place: address.summary)
            let transfer = Transfer(plan: plan, sink: collector)
            let response = try await collector.result(of: transfer, on: self.loop).get()
            let head = ResponseHead(status: response.status, headers: response.headers)
            guard request.redirects == .sameOrigin, head.isRedirect else { return response }
            address = try address.following(head)
            request.follow(status: response.status)
        }
        throw HTTPError(.tooManyRedirects, "\(address.origin) redirects in circles: correct the address")
    }

    /// Makes an event source, which connects when it is first asked for an element.
    public func eventSource(_ configuration: EventSource.Configuration) -> EventSource {
        EventSource(configuration: configuration, client: self)
    }

    /// Lets requests that run end within the grace, then fails the rest; event sources fail at once.
    ///
    /// - Parameter grace: How long to wait for running requests.
    public func shutdown(within grace: Duration = .zero) async {
        self.loop.stop(grace: grace)
        await self.loop.ended()
    }
}

extension HTTPRequest {
    /// Becomes what HTTP sends after a redirect: 307 and 308 repeat the request, the others turn it into a GET.
    fileprivate mutating func follow(status: Int) {
        guard status != 307, status != 308, self.method != "GET", self.method != "HEAD" else { return }
        guard status == 303 || self.method == "POST" else { return }
        self.method = "GET"
        self.body = nil
        self.headers["Content-Type"] = nil
    }
}

extension WebAddress {
    /// Where the answer points to, if that is within the same origin.
    func following(_ head: ResponseHead) throws(HTTPError) -> WebAddress {
        let target = try self.resolving(head.headers["Location"] ?? "")
        guard target.origin == self.origin else {
            throw HTTPError(
                .redirectRefused,
                "\(self.summary) redirects to \(target.origin), where headers such as a key must not go: "
                    + "give the final address instead",
                status: head.status)
        }
        return target
    }
}
