// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking

/// Gathers the whole answer to a request, and hands it to the one who waits for it.
final class ResponseCollector: TransferSink {
    private struct State {
        var head = ResponseHead(status: 0, headers: [:])
        var body: [UInt8] = []
        var waiter: CheckedContinuation<Result<HTTPResponse, HTTPError>, Never>?
        var result: Result<HTTPResponse, HTTPError>?
    }

    private let state = Locked(State())
    private let maximumBytes: Int
    private let place: String

    init(maximumBytes: Int, place: String) {
        self.maximumBytes = maximumBytes
        self.place = place
    }

    /// Starts the transfer and waits for its result.
    func result(of transfer: Transfer, on loop: TransferLoop) async -> Result<HTTPResponse, HTTPError> {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let result = self.state.withLock { state in
                    if state.result == nil {
                        state.waiter = continuation
                    }
                    return state.result
                }
                if let result {
                    continuation.resume(returning: result)
                } else {
                    loop.start(transfer)
                }
            }
        } onCancel: {
            self.settle(.failure(HTTPError(.cancelled, "the request to \(self.place) was cancelled")))
            loop.cancel(transfer)
        }
    }

    func received(_ head: ResponseHead) -> SinkVerdict {
        self.state.withLock { $0.head = head }
        return .taken
    }

    func received(_ bytes: UnsafeRawBufferPointer) -> SinkVerdict {
        self.state.withLock { state in
            guard state.body.count + bytes.count <= self.maximumBytes else {
                return .abort(
                    HTTPError(
                        .responseTooLarge,
                        "the answer from \(self.place) is larger than \(self.maximumBytes) bytes: raise maximumResponseBytes",
                        status: state.head.status))
            }
            state.body.append(contentsOf: bytes)
            return .taken
        }
    }

    func finished(_ error: HTTPError?) {
        if let error {
            self.settle(.failure(error))
        } else {
            let response = self.state.withLock { state in
                HTTPResponse(status: state.head.status, headers: state.head.headers, body: state.body)
            }
            self.settle(.success(response))
        }
    }

    /// The first result counts.
    private func settle(_ result: Result<HTTPResponse, HTTPError>) {
        let waiter = self.state.withLock { state -> CheckedContinuation<Result<HTTPResponse, HTTPError>, Never>? in
            guard state.result == nil else { return nil }
            state.result = result
            state.body = []
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: result)
    }
}
