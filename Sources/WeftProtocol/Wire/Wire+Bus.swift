// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftBus

extension NodeID {
    /// The bytes of an id on the wire.
    static var byteCount: Int { 16 }
}

extension EventName {
    /// A name that came over the wire; nil unless it is one that nodes mirror.
    init?(wire text: String) {
        self.init(text)
        guard self.isMirrored else { return nil }
    }
}

extension EventRecord: Hashable {
    /// Compares everything, the arguments by their bytes.
    public static func == (left: EventRecord, right: EventRecord) -> Bool {
        left.origin == right.origin && left.sequence == right.sequence && left.name == right.name
            && left.microsecondsSince1970 == right.microsecondsSince1970
            && left.encodedArguments == right.encodedArguments
    }

    /// Hashes what identifies the event.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(self.origin)
        hasher.combine(self.sequence)
        hasher.combine(self.name)
    }
}
