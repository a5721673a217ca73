// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// The mesh's bounds and times, each with its reason.
public enum MeshDefaults {
    /// How often a node shows every peer that it lives, its head and its cursors: often enough to notice a lost tail
    /// in three seconds, seldom enough to cost nothing.
    public static let heartbeatInterval: Duration = .seconds(1)
    /// Three missed heartbeats.
    public static let suspectAfter: Duration = .seconds(3)
    /// Long enough for a long pause of a healthy process, short enough to tell the others.
    public static let deadAfter: Duration = .seconds(10)
    /// How long a dead node may come back and go on where it was.
    public static let deadTombstone: Duration = .seconds(600)
    /// How long rosters that still name a node that said goodbye are not believed.
    public static let leftTombstone: Duration = .seconds(10)
    /// For how long members that have missed the beginning of a stream are told of it: longer than one may stand still without
    /// being dead, and shorter than streams of those who are gone are kept, so that nobody begins anew what it has had.
    public static let beginningTime: Duration = .seconds(30)
    /// How many streams of nodes that are no members any more are kept, the newest, for as long as a dead member's.
    public static let orphans = 256
    /// How long a node looks for the mesh before it says what it tried.
    public static let joinTimeout: Duration = .seconds(10)
    /// How long a member that lives is waited for when joining: long enough for the first packets of every connection to get
    /// lost twice, and shorter than ``joinTimeout``, so that one that cannot be reached keeps nobody out.
    public static let confirmPatience: Duration = .seconds(6)
    /// Members of one mesh, every one connected to every other.
    public static let members = 256
    /// How often the shell calls ``Mesh/tick(at:)``.
    public static let tickInterval: Duration = .milliseconds(250)
    /// How often an unanswered HELLO, probe or FLUSH is said again.
    public static let retryInterval: Duration = .seconds(1)
    /// How soon a link on which nobody answers is opened anew, which also drops what has queued up in it; the pauses
    /// double from here, each shortened by chance, so that not everybody calls at once.
    public static let redialInterval: Duration = .seconds(2)
    /// The longest pause before a silent or dead member, or a seed, is called again: what a network that comes back costs.
    public static let longestRedialInterval: Duration = .seconds(10)
    /// How often the connection to a member's events is made anew when it stands still although the member is heard: seldom,
    /// because a large event on a slow link looks the same.
    public static let resubscribeInterval: Duration = .seconds(30)
    /// How many others are asked at a time to ping a member that has become suspect: three seldom fail together.
    public static let pingHelpers = 3
    /// How often they are asked, others each time, until the member speaks or is dead: three times before it would be.
    public static let pingInterval: Duration = .seconds(2)
    /// How many pings for others may be under way at one node.
    public static let pingsForOthers = 256
    /// How many times its own timeouts a node that is itself late may add to them: beyond it, patience hides real deaths.
    public static let longestPatience = 2
    /// How many members are remembered in all, tombstones included; beyond it the oldest tombstones go first.
    public static let remembered = 1_024
    /// How many roles a node may have.
    public static let roles = 16
    /// How large the extras of a member's record may be, as MessagePack.
    public static let extrasSize = 16 << 10
    /// How many dead members are called again, the newest.
    public static let redialledDead = 32
    /// How long a member may take to catch up with what a late joiner needs before it answers as far as it is.
    ///
    /// As long as a silent peer is waited for: the joiner would otherwise have a hole where this member lags behind.
    public static let snapshotTimeout: Duration = deadAfter
    /// How many members a late joiner asks for history.
    public static let snapshotAttempts = 3
    /// How many late joiners may wait at one member.
    public static let snapshotWaiters = 64
    /// How long the end of a stream may still be on its way after its origin's goodbye.
    public static let goodbyeGrace: Duration = .seconds(2)
    /// How long after that what is missing of its stream is looked for at others, as long as one of them may hold it.
    public static let farewellPatience: Duration = .seconds(30)
    /// How many heartbeats a head may stay ahead of what has come before the difference counts as missed.
    public static let staleHeartbeats = 2
    /// How many rosters a node sends to others per heartbeat interval, so that one change in a large mesh is no storm.
    public static let rostersPerInterval = 4
    /// How many ids are remembered whose subscription came before their HELLO.
    public static let strangers = 512
    /// How many unanswered FLUSH of one origin are remembered.
    public static let flushWaiters = 16
    /// How much of its own stream a node holds for those who missed it, in bytes.
    public static let replayWindow = 64 << 20
    /// How much of the others' streams a node holds, all together, in bytes: for when their origins are gone.
    public static let receivedWindows = 64 << 20
    /// How many bytes may wait for what is missing before them, all streams together; what finds no room is fetched later.
    public static let aheadBytes = 64 << 20
    /// How much one answer to a fetch carries, in bytes, unless a single batch is larger: little enough to leave room on the
    /// link for what is live.
    public static let repairBytes = 256 << 10
    /// How much a node sends in answer to fetches between two ticks, in bytes.
    public static let repairBytesPerTick = 16 << 20
    /// How many fetches a node has under way at once.
    public static let repairsInFlight = 8
    /// How long a fetch may take before somebody else is asked, as long as nothing is known of the link; each time that was not
    /// enough it doubles, and an answer sets it to twice its own time.
    public static let repairTimeout: Duration = .seconds(1)
    /// The longest time that a fetch is waited for: what is missing is then shown to be on its way by nothing else.
    public static let longestRepairTimeout: Duration = deadAfter
    /// How many fetches of one stream that are no longer waited for are remembered, so that their answers are taken.
    public static let overdueFetches = 8
    /// How long what nobody holds is waited for when its origin is dead and may come back: what is behind it waits, too.
    public static let repairPatience: Duration = .seconds(30)
    /// How long a name, a role or an address may be, in bytes.
    public static let nameLength = 256
}
