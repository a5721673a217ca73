// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// The bounds and times of a node's sockets and queues, each with its reason.
///
/// The mesh's own are in `MeshDefaults`.
public enum NodeDefaults {
    /// How many bytes of events may wait to be sent before emitters are held back.
    public static let outboxHighWaterMark = 16 << 20
    /// How many bytes of received events may wait for the bus before the node stops reading.
    public static let deliveryQueueBytes = 16 << 20
    /// How much freed memory a process with a node keeps, with glibc: what its queues and windows hold, and room.
    ///
    /// Given back, it would be cleared and mapped anew for the next messages.
    public static let keptMemory = 64 << 20
    /// From what size on memory is mapped by itself, and given back when it is freed: more than the largest message.
    public static let separateMemory = 4 << 20
    /// How many messages of the event stream wait for one peer, on either side: full batches of 64 KiB come to 4 MiB,
    /// events of 1 MiB to 64.
    ///
    /// What does not fit waits in the outbox, where it forms larger batches.
    public static let eventHighWaterMark = 64
    /// How many control messages wait for one peer.
    public static let controlHighWaterMark = 1_000
    /// How long a peer that does not keep up holds the event stream back before it is left behind.
    ///
    /// Long enough for a pause of the scheduler, too short to be noticed by the others; the outbox takes what is
    /// emitted meanwhile.
    public static let patience: Duration = .milliseconds(100)
    /// How much of the patience that was spent comes back, as a share of the time that has passed: the most that a slow peer
    /// takes from the others.
    public static let patienceShare = 0.05
    /// How long nobody is waited for after a peer was left behind; it doubles up to the longest.
    public static let impatience: Duration = .seconds(5)
    /// The longest time for which nobody is waited for.
    public static let longestImpatience: Duration = .seconds(60)
    /// How soon a full socket is tried again.
    public static let retryInterval: Duration = .milliseconds(1)
    /// How many batches leave before the loop looks after its other sockets.
    public static let batchesPerTurn = 64
    /// How long a stopping node goes on sending what it has.
    public static let stopTimeout: Duration = .seconds(2)
    /// How long unsent messages outlive their socket.
    public static let linger: Duration = .seconds(1)
    /// The longest pause before a lost connection is opened again: a member that was restarted is back in the mesh within a second or two.
    public static let reconnectIntervalMaximum: Duration = .seconds(1)
    /// How soon a port that is bound anew is tried again; libzmq takes a moment to give it back.
    static let rebindInterval: Duration = .milliseconds(5)
    /// How often it is tried at that pace; after half a second somebody else has the port, and that is said.
    static let quickRebinds = 100
    /// The longest pause between tries to have a port again that somebody else has taken.
    static let longestRebindInterval: Duration = .seconds(1)
    /// How long the others have to hear of a node's new key before it takes the old one's place.
    static let rotationNotice: Duration = .milliseconds(300)
    /// How often a seed may hang up during the handshake before it is taken for one that wants keys.
    static let hangUps = 4
    /// The same for nodes that look for the mesh without a limit of time.
    static let hangUpsOfServices = 20
    /// How long everybody must have refused a node until it takes that for an answer.
    static let refusalPatience: Duration = .seconds(5)
    /// How many refusals of others are logged, each once.
    static let loggedRefusals = 64
    /// How soon an event stream whose handshake was refused is dialled again.
    static let refusedRetryInterval: Duration = .seconds(1)
    /// How long a call to another node may take unless it says otherwise.
    public static let requestTimeout: Duration = .seconds(10)
    /// How often it is said that connections are turned away.
    static let turnedAwayInterval: Duration = .seconds(60)
    /// How soon a call without an answer is said again; it doubles, see ``callRepeatDoublings``.
    ///
    /// It gets lost only with a connection, and connections are back within a second or two.
    static let callRepeatInterval: Duration = .seconds(1)
    /// How often the pause before a call is said again doubles: up to 8 s.
    static let callRepeatDoublings = 3
    /// How long answers are kept for calls that come again.
    static let recentCallTime: Duration = .seconds(60)
    /// How many answers are kept for calls that come again.
    static let recentCalls = 16_384
    /// How many bytes of such answers are kept.
    static let recentCallBytes = 8 << 20
    /// How many calls of others a node answers at the same time.
    public static let concurrentRequests = 1_024
    /// How many random addresses are tried when none is given.
    public static let bindAttempts = 200
    /// How long a leaving node may take to hand on what it has received: no handler is waited for, only room in mailboxes.
    static let farewellPatience = Duration.seconds(1)
}
