// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension Endpoint {
    /// The address of this machine from which connections to a TCP endpoint go out, which is the one that its process can
    /// most likely dial.
    ///
    /// Nothing is sent. A name is looked up, which may take as long as that takes.
    ///
    /// - Returns: nil when the name is not known or no route leads there.
    public var localHostTowards: String? {
        guard self.transport == .tcp, !self.isWildcard else { return nil }
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        #if canImport(Glibc)
            hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
        #else
            hints.ai_socktype = SOCK_DGRAM
        #endif
        var first: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(self.address, self.port.map(String.init), &hints, &first) == 0 else { return nil }
        // The list lives until this function returns, and nothing in it is kept.
        defer { freeaddrinfo(first) }
        var next = first
        while let entry = next?.pointee {
            if let host = Self.localHost(towards: entry) { return host }
            next = entry.ai_next
        }
        return nil
    }

    private static func localHost(towards entry: addrinfo) -> String? {
        let descriptor = socket(entry.ai_family, entry.ai_socktype, 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        // A datagram socket only looks for a route when it connects.
        guard connect(descriptor, entry.ai_addr, entry.ai_addrlen) == 0 else { return nil }
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        // The pointer is to a local variable that is large enough for any address, and is used only in here.
        let isKnown = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                getsockname(descriptor, address, &length) == 0
                    && getnameinfo(address, length, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0
            }
        }
        guard isKnown else { return nil }
        let host = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // A link-local address means nothing to others without the name of an interface of theirs.
        return host.isEmpty || host.contains("%") ? nil : host
    }
}
