// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// One of libzmq's socket options, with the Swift type of its value.
///
/// Options for connections apply to what the socket binds or connects afterwards. `ZMQ_HEARTBEAT_*` is missing on
/// purpose: it aborts the process in libzmq 4.3.4 when a receiver is at its high-water mark.
public struct SocketOption<Value>: Sendable {
    let number: Int32
    let name: String
    let capacity: Int
    let encode: @Sendable (Value) -> [UInt8]?
    let decode: @Sendable (ArraySlice<UInt8>) -> Value?
}

extension SocketOption where Value == Int {
    static func int32(_ number: Int32, _ name: String) -> SocketOption<Int> {
        SocketOption(
            number: number, name: name, capacity: 4,
            encode: { value in Int32(exactly: value).map { OptionBytes.encode($0) } },
            decode: { bytes in OptionBytes.decode(bytes, as: Int32.self).map(Int.init) })
    }

    static func int64(_ number: Int32, _ name: String) -> SocketOption<Int> {
        SocketOption(
            number: number, name: name, capacity: 8,
            encode: { value in OptionBytes.encode(Int64(value)) },
            decode: { bytes in OptionBytes.decode(bytes, as: Int64.self).map { Int(clamping: $0) } })
    }
}

extension SocketOption where Value == Bool {
    static func flag(_ number: Int32, _ name: String) -> SocketOption<Bool> {
        SocketOption(
            number: number, name: name, capacity: 4,
            encode: { value in OptionBytes.encode(value ? Int32(1) : 0) },
            decode: { bytes in OptionBytes.decode(bytes, as: Int32.self).map { $0 != 0 } })
    }
}

extension SocketOption where Value == Duration {
    static func time(_ number: Int32, _ name: String) -> SocketOption<Duration> {
        SocketOption(
            number: number, name: name, capacity: 4,
            encode: { value in OptionBytes.encode(value.milliseconds) },
            decode: { bytes in OptionBytes.decode(bytes, as: Int32.self).map { .milliseconds($0) } })
    }
}

extension SocketOption where Value == Duration? {
    /// A time for which libzmq's -1 is nil.
    static func optionalTime(_ number: Int32, _ name: String) -> SocketOption<Duration?> {
        SocketOption(
            number: number, name: name, capacity: 4,
            encode: { value in OptionBytes.encode(value?.milliseconds ?? -1) },
            decode: { bytes in
                OptionBytes.decode(bytes, as: Int32.self).map { $0 < 0 ? .none : .milliseconds($0) }
            })
    }
}

extension SocketOption where Value == [UInt8] {
    static func bytes(_ number: Int32, _ name: String, capacity: Int) -> SocketOption<[UInt8]> {
        SocketOption(
            number: number, name: name, capacity: capacity, encode: { $0 }, decode: { [UInt8]($0) })
    }
}

extension SocketOption where Value == String {
    static func text(_ number: Int32, _ name: String) -> SocketOption<String> {
        SocketOption(
            number: number, name: name, capacity: 512, encode: { [UInt8]($0.utf8) },
            decode: { bytes in String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) })
    }
}

/// Integers as libzmq's options carry them.
enum OptionBytes {
    static func encode(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value) { [UInt8]($0) }
    }

    static func decode<Value: FixedWidthInteger>(_ bytes: ArraySlice<UInt8>, as type: Value.Type) -> Value? {
        guard bytes.count == MemoryLayout<Value>.size else { return nil }
        return bytes.withUnsafeBytes { $0.loadUnaligned(as: Value.self) }
    }
}
