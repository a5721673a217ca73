// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Writes values while their types encode themselves, without anything in between.
///
/// This takes types at their word that they finish one container before they go on with the one around it, as nearly all
/// do. Of any other, and of any that fails, nothing here counts: it is encoded once more by way of ``EncodingNode``,
/// which needs no order, and says what is wrong and where.
final class EncodingStream {
    private struct Container {
        let id: Int
        let isMap: Bool
        /// Where its header is: one byte, until its count is known.
        let start: Int
        var count = 0
        /// Where it stands in the container around it.
        let key: (any CodingKey)?
    }

    // Nobody can use these two while they are in use: what is called meanwhile is in this file, or a writer.
    @exclusivity(unchecked) var writer: MessagePackWriter
    /// Whether a type did not keep to the order.
    private(set) var isOutOfOrder = false
    /// The containers that are open, each inside the one before.
    @exclusivity(unchecked) private var containers: [Container] = []
    private var lastID = 0

    init(_ writer: consuming MessagePackWriter) {
        self.writer = writer
    }

    /// How many containers are open.
    var level: Int { self.containers.count }

    func path(_ level: Int, _ key: (any CodingKey)?) -> [any CodingKey] {
        self.containers.prefix(level).compactMap(\.key) + (key.map { [$0] } ?? [])
    }

    func encode<T: Encodable>(_ value: T, _ key: (any CodingKey)?) throws {
        if let direct = value as? any MessagePackDirect { return try direct.write(to: &self.writer) }
        let level = self.level
        guard level < MessagePack.depthLimit else { return self.isOutOfOrder = true }
        let start = self.writer.bytes.count
        try value.encode(to: StreamEncoder(stream: self, level: level, start: start, key: key))
        self.close(to: level)
        if self.writer.bytes.count == start { self.writer.writeMapHeader(0) }  // a type that encoded nothing
    }

    /// Opens a container, or goes on with the one that the same type has opened before.
    ///
    /// - Returns: By what it is known from now on.
    func open(isMap: Bool, level: Int, start: Int, key: (any CodingKey)?) -> Int {
        if level < self.level, self.containers[level].start == start, self.containers[level].isMap == isMap {
            self.close(to: level + 1)
            return self.containers[level].id
        }
        if self.level != level || self.writer.bytes.count != start { self.isOutOfOrder = true }
        self.lastID += 1
        self.containers.append(Container(id: self.lastID, isMap: isMap, start: start, key: key))
        if isMap { self.writer.writeMapHeader(0) } else { self.writer.writeArrayHeader(0) }
        return self.lastID
    }

    /// Begins the next element of a container; the ones inside it end here.
    func next(_ level: Int, _ id: Int, _ key: String? = nil) {
        guard level < self.level, self.containers[level].id == id else { return self.isOutOfOrder = true }
        if self.level > level + 1 { self.close(to: level + 1) }
        self.containers[level].count += 1
        if let key { self.writer.write(key) }
    }

    func count(_ level: Int, _ id: Int) -> Int {
        level < self.level && self.containers[level].id == id ? self.containers[level].count : 0
    }

    func giveUp() {
        self.isOutOfOrder = true
    }

    private func close(to level: Int) {
        while self.level > level, let last = self.containers.popLast() {
            self.writer.setHeader(at: last.start, isMap: last.isMap, count: last.count)
        }
    }
}
