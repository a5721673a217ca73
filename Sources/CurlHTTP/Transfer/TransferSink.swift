// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Where a transfer's answer goes.
///
/// All calls come from the loop's thread, in order; none may block.
protocol TransferSink: AnyObject, Sendable {
    /// The head is complete.
    func received(_ head: ResponseHead) -> SinkVerdict

    /// The next bytes of the body are there.
    func received(_ bytes: UnsafeRawBufferPointer) -> SinkVerdict

    /// The transfer is over; the last call.
    func finished(_ error: HTTPError?)
}

/// What a sink makes of what it was given.
enum SinkVerdict {
    /// It took it.
    case taken
    /// It has no room: nothing was taken, and the transfer rests until it is resumed.
    case pause
    /// It wants no more.
    case abort(HTTPError)
}
