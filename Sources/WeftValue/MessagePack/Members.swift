// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Where the members of a map lie.
///
/// Not a dictionary: types ask for most members in the order in which they were written, and to hash a key takes longer than
/// to compare it.
final class Members {
    private struct Member {
        let key: String
        let part: Range<Int>
    }

    /// A reader of the bytes in which they lie.
    let reader: MessagePackReader
    private var members: [Member] = []
    /// Where the next one that is asked for is expected.
    private var expected = 0
    /// By key, for large maps.
    private var index: [String: Int]?

    /// Reads keys and skips values.
    init(_ reader: MessagePackReader) throws(MessagePackError) {
        self.reader = reader
        var reader = reader
        let count = try reader.readMapHeader()
        self.members.reserveCapacity(min(count, 64))
        var marks: UInt64 = 0
        for _ in 0..<count {
            let key = try reader.readKey()
            let start = reader.position
            try reader.pass()
            let member = Member(key: key, part: start..<reader.position)
            // Of several with the same key the last counts, as where values are read without a type. Few share a length and a beginning.
            let mark = UInt64(1) << UInt64((key.utf8.count &* 11 &+ Int(key.utf8.first ?? 0)) & 63)
            defer { marks |= mark }
            if marks & mark != 0, let place = self.place(key) {
                self.members[place] = member
            } else {
                self.index?[key] = self.members.count
                self.members.append(member)
            }
        }
    }

    var keys: [String] { self.members.map(\.key) }

    /// Where the value of a key lies.
    func find(_ key: String) -> Range<Int>? {
        if self.expected < self.members.count, self.members[self.expected].key == key {
            self.expected += 1
            return self.members[self.expected - 1].part
        }
        guard let place = self.place(key) else { return nil }
        self.expected = place + 1
        return self.members[place].part
    }

    private func place(_ key: String) -> Int? {
        guard self.members.count > 16 else { return self.members.firstIndex { $0.key == key } }
        if self.index == nil {
            self.index = Dictionary(uniqueKeysWithValues: self.members.enumerated().map { ($1.key, $0) })
        }
        return self.index?[key]
    }
}
