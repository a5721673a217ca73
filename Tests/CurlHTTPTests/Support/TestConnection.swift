// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Glibc
import Locking

/// One connection of a test server; its blocking calls are for the script's thread.
final class TestConnection: Sendable {
    let number: Int
    private let server: TestServer
    private let descriptor: Locked<Int32?>
    private let received = Locked<[UInt8]>([])

    init(_ descriptor: Int32, number: Int, server: TestServer) {
        self.descriptor = Locked(descriptor)
        self.number = number
        self.server = server
    }

    /// The next request, or nil when the client has closed.
    func readRequest() -> RecordedRequest? {
        var buffer = self.received.withLock { $0 }
        let blank: [UInt8] = [13, 10, 13, 10]
        var end = Self.find(blank, in: buffer)
        while end == nil {
            guard let more = self.receive() else { return nil }
            buffer += more
            end = Self.find(blank, in: buffer)
        }
        guard let end else { return nil }
        let lines = String(decoding: buffer[..<end], as: UTF8.self).split(separator: "\r\n").map(String.init)
        buffer.removeFirst(end + 4)
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers[line[..<colon].lowercased()] = String(line[line.index(after: colon)...].drop { $0 == " " })
        }
        let length = headers["content-length"].flatMap { Int($0) } ?? 0
        while buffer.count < length {
            guard let more = self.receive() else { return nil }
            buffer += more
        }
        let words = lines[0].split(separator: " ").map(String.init)
        let request = RecordedRequest(
            connection: self.number, method: words[0], path: words[1], headers: headers,
            body: Array(buffer.prefix(length)))
        let rest = Array(buffer.dropFirst(length))
        self.received.withLock { $0 = rest }
        self.server.record(request)
        return request
    }

    /// Sends all of it; false when the client is gone.
    @discardableResult func send(_ text: String) -> Bool { self.send(Array(text.utf8)) }

    @discardableResult func send(_ bytes: [UInt8]) -> Bool {
        guard let descriptor = self.descriptor.withLock({ $0 }) else { return false }
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(clamping: MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    /// Whether the client sends nothing and keeps the connection for that long.
    func staysQuiet(milliseconds: Int32) -> Bool {
        guard let descriptor = self.descriptor.withLock({ $0 }) else { return false }
        var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&poller, 1, milliseconds) == 0
    }

    /// Sends all of it unless TCP takes no more for a quarter of a second; false then, with a part perhaps sent.
    func sendWithoutBlocking(_ text: String) -> Bool {
        guard let descriptor = self.descriptor.withLock({ $0 }) else { return false }
        var poller = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        let bytes = Array(text.utf8)
        var sent = 0
        while sent < bytes.count {
            guard poll(&poller, 1, 250) > 0 else { return false }
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(
                    descriptor, $0.baseAddress, $0.count, Int32(clamping: MSG_NOSIGNAL) | Int32(clamping: MSG_DONTWAIT))
            }
            if count > 0 { sent += count } else if errno != EAGAIN { return false }
        }
        return true
    }

    /// Answers with a whole body.
    @discardableResult func respond(_ status: String, headers: [String] = [], body: String = "") -> Bool {
        let lines = ["HTTP/1.1 \(status)", "Content-Length: \(body.utf8.count)"] + headers
        return self.send(lines.joined(separator: "\r\n") + "\r\n\r\n" + body)
    }

    /// Begins an event stream that ends with the connection.
    @discardableResult func openStream(_ text: String = "", contentType: String = "text/event-stream") -> Bool {
        self.send("HTTP/1.1 200 OK\r\nContent-Type: \(contentType)\r\nConnection: close\r\n\r\n" + text)
    }

    /// Returns when the client has closed; what it sends until then is dropped.
    func waitForEnd() {
        while self.receive() != nil {}
    }

    /// Closes with a reset instead of in good order.
    func reset() {
        guard let descriptor = self.descriptor.withLock({ $0 }) else { return }
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        self.close()
    }

    /// Wakes the script's thread out of whatever it waits for.
    func abort() {
        self.descriptor.withLock { descriptor in
            if let descriptor {
                shutdown(descriptor, Int32(SHUT_RDWR))
            }
        }
    }

    func close() {
        self.descriptor.withLock { descriptor in
            if let open = descriptor {
                Glibc.close(open)
            }
            descriptor = nil
        }
    }

    private func receive() -> [UInt8]? {
        guard let descriptor = self.descriptor.withLock({ $0 }) else { return nil }
        var buffer = [UInt8](repeating: 0, count: 16384)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return count > 0 ? Array(buffer.prefix(count)) : nil
    }

    private static func find(_ pattern: [UInt8], in bytes: [UInt8]) -> Int? {
        guard bytes.count >= pattern.count else { return nil }
        return (0...(bytes.count - pattern.count)).first { bytes[$0..<($0 + pattern.count)].elementsEqual(pattern) }
    }
}
