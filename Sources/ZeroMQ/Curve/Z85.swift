// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

internal import CZeroMQ

/// Z85, the text form of CURVE's keys: 40 printable characters for 32 bytes.
enum Z85 {
    static let textLength = 40
    static let keyLength = 32
    private static let alphabet = Set(
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#".utf8)

    static func decode(_ text: String, _ what: String) throws(ZeroMQError) -> [UInt8] {
        guard text.utf8.count == self.textLength, text.utf8.allSatisfy({ self.alphabet.contains($0) }) else {
            throw ZeroMQError(
                .invalidKey,
                "this is not a CURVE \(what): it must be 40 characters of Z85, and has \(text.utf8.count) bytes")
        }
        var bytes = [UInt8](repeating: 0, count: self.keyLength)
        guard zmq_z85_decode(&bytes, text) != nil else {
            throw ZeroMQError(.invalidKey, "this is not a CURVE \(what): five characters of it are out of range")
        }
        return bytes
    }

    static func encode(_ bytes: [UInt8]) -> String {
        guard bytes.count == self.keyLength else { return "" }
        var text = [CChar](repeating: 0, count: self.textLength + 1)
        guard zmq_z85_encode(&text, bytes, bytes.count) != nil else { return "" }
        return String(decoding: text.prefix(self.textLength).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
