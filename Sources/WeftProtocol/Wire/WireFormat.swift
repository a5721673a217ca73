// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// The constants of the wire format, as `docs/wire-format.md` gives them.
public enum WireFormat {
    /// The oldest version that this build speaks.
    public static let oldestVersion: UInt8 = 1
    /// The newest version that this build speaks.
    public static let newestVersion: UInt8 = 1
    /// What every control frame starts with, so that a stranger who reached the port is recognised.
    public static let magic: [UInt8] = [0x57, 0x46]  // "WF"
    /// The topic of event batches.
    public static let batchTopic: UInt8 = 0x65  // "e"
    /// The first byte of the topics of probes; the id of the node that is probed follows.
    public static let probeTopic: UInt8 = 0x70  // "p"
    /// The first byte of the routing id of a control link; the node's id and the link's number follow.
    public static let linkMarker: UInt8 = 0x01
    /// The bytes before a control frame's body: magic, version, kind.
    public static let controlHeaderSize = 4
    /// The bytes before a batch's events: topic, version, origin, first sequence, count, base time.
    public static let batchHeaderSize = 38
    /// The largest control frame: a task of 16 MiB with its envelope.
    ///
    /// Larger ones cost the sender its connection.
    public static let maximumControlFrame = 20 << 20
    /// The largest control frame of a kind that carries no more than a record, or a number for each member: see
    /// ``ControlMessage/Kind/maximumFrame``.
    public static let maximumSmallFrame = 64 << 10
    /// The largest control frame that names all members with their records.
    public static let maximumRosterFrame = 8 << 20
    /// The most values that a control frame has, maps and arrays and what is in them all counted: a task of 16 MiB has fewer, were
    /// it nothing but numbers with a fraction.
    ///
    /// A byte can be a value, and takes some forty in memory.
    public static let maximumValues = 2 << 20
    /// The most positions in streams that one message names: of all members remembered, and of those whose streams are kept, with
    /// room.
    public static let maximumCursors = 2_048
    /// The largest published frame: one event of 1 MiB with its name, and room.
    public static let maximumPublishedFrame = 2 << 20
    /// The largest event: its arguments as MessagePack.
    public static let maximumEvent = 1 << 20
    /// A batch is closed when it has grown to this, so that a receiver can begin with it while the next one is made.
    public static let batchClosesAt = 64 << 10
    /// The largest sequence: with one event a nanosecond it takes 292 years to get there, and sums of two stay numbers.
    public static let largestSequence = UInt64(Int64.max)
    /// The fewest bytes that an event takes in a batch: name, time and arguments, all empty or zero.
    static let smallestEvent = 4

    /// Whether this build speaks a version.
    public static func speaks(_ version: UInt8) -> Bool {
        (Self.oldestVersion...Self.newestVersion).contains(version)
    }
}
