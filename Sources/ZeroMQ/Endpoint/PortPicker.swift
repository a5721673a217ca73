// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Picks ports that the system does not hand out to outgoing connections.
///
/// A connection to a local port of the ephemeral range at which nobody listens can come out of that very port and reach
/// itself, and a port of that range may be taken the moment its owner restarts. Ports below it have neither trouble.
public struct PortPicker: Sendable {
    /// What is picked from.
    public let range: ClosedRange<UInt16>

    /// Picks below the range that the system uses for outgoing connections.
    public init() {
        self.init(ephemeral: PortPicker.systemEphemeralRange())
    }

    /// Picks from a range of your own.
    ///
    /// - Parameter range: The ports.
    public init(range: ClosedRange<UInt16>) {
        self.range = range
    }

    init(ephemeral: ClosedRange<UInt16>) {
        let lowest: UInt16 = 10_000
        if ephemeral.lowerBound >= lowest + 1_000 {
            self.range = lowest...(ephemeral.lowerBound - 1)
        } else if ephemeral.upperBound <= UInt16.max - 1_000 {
            self.range = max(ephemeral.upperBound + 1, lowest)...UInt16.max
        } else {
            self.range = 1_024...(max(ephemeral.lowerBound, 1_025) - 1)
        }
    }

    /// A port, not the same in a row except by chance.
    ///
    /// - Parameter generator: Where the chance comes from.
    public func pick(using generator: inout some RandomNumberGenerator) -> UInt16 {
        UInt16.random(in: self.range, using: &generator)
    }

    static func systemEphemeralRange() -> ClosedRange<UInt16> {
        let fallback: ClosedRange<UInt16> = 32_768...60_999
        #if os(Linux)
            let descriptor = open("/proc/sys/net/ipv4/ip_local_port_range", O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { return fallback }
            defer { close(descriptor) }
            var bytes = [UInt8](repeating: 0, count: 64)
            let count = read(descriptor, &bytes, bytes.count)
            guard count > 0 else { return fallback }
            let numbers = String(decoding: bytes.prefix(count), as: UTF8.self)
                .split(whereSeparator: \.isWhitespace).compactMap { UInt16($0) }
            guard numbers.count == 2, numbers[0] <= numbers[1] else { return fallback }
            return numbers[0]...numbers[1]
        #else
            return 49_152...65_535
        #endif
    }
}
