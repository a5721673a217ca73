// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftBus
public import WeftProtocol
public import WeftValue

/// A node as it sees itself and its mesh.
public struct NodeStatus: Hashable, Sendable {
    /// The node.
    public var id: NodeID
    /// Everyone it knows of, itself first.
    public var members: [MemberStatus]
    /// What should not have happened.
    public var counters: NodeCounters
    /// What it holds.
    public var memory: NodeMemory

    /// Creates a status.
    public init(
        id: NodeID, members: [MemberStatus], counters: NodeCounters, memory: NodeMemory = NodeMemory()
    ) {
        self.id = id
        self.members = members
        self.counters = counters
        self.memory = memory
    }

    /// The status as the `status` method answers it.
    public var value: Value {
        [
            "id": .string(self.id.description), "members": .array(self.members.map(\.value)),
            "counters": self.counters.value, "memory": self.memory.value,
        ]
    }
}

extension MemberStatus {
    /// The member as the `status` method answers it.
    public var value: Value {
        [
            "id": .string(self.record.id.description), "name": .string(self.record.name),
            "roles": .array(self.record.roles.sorted().map { .string($0.name) }),
            "control": .string(self.record.control), "publish": .string(self.record.publish),
            "extras": .object(self.record.extras), "state": .string(self.state.rawValue),
            "joined": .bool(self.isJoined), "leftOut": .bool(self.isLeftOut), "cursor": Value(self.cursor),
            "head": Value(self.head),
            "missed": Value(self.missed), "silence": .double(self.silence / .seconds(1)),
        ]
    }
}

extension NodeCounters {
    /// The counters by name.
    public var value: Value {
        var counters: [String: Value] = [
            "badFrames": .object(self.badFrames.mapValues { Value($0) }), "unsent": Value(self.unsent),
            "unopened": Value(self.unopened), "leftBehind": Value(self.leftBehind),
            "readingPaused": Value(self.readingPaused), "emitsHeld": Value(self.emitsHeld),
            "emitsOverflowed": Value(self.emitsOverflowed), "requestsRefused": Value(self.requestsRefused),
            "requestsRepeated": Value(self.requestsRepeated), "requestsCameAgain": Value(self.requestsCameAgain),
            "turnedAway": Value(self.turnedAway), "answersForgotten": Value(self.answersForgotten),
            "strangers": Value(self.mesh.strangers), "contradictions": Value(self.mesh.contradictions),
            "rejected": Value(self.mesh.rejected), "duplicates": Value(self.mesh.duplicates),
            "early": Value(self.mesh.early), "gaps": Value(self.mesh.gaps), "missed": Value(self.mesh.missed),
            "suspected": Value(self.mesh.suspected), "died": Value(self.mesh.died),
            "refuted": Value(self.mesh.refuted), "vouched": Value(self.mesh.vouched),
            "revived": Value(self.mesh.revived), "late": Value(self.mesh.late),
            "redialled": Value(self.mesh.redialled), "pingsRefused": Value(self.mesh.pingsRefused),
            "snapshotsRefused": Value(self.mesh.snapshotsRefused),
            "full": Value(self.mesh.full), "recordsTooLarge": Value(self.mesh.recordsTooLarge),
            "strangersForgotten": Value(self.mesh.strangersForgotten),
            "rostersPutOff": Value(self.mesh.rostersPutOff), "deadNotCalled": Value(self.mesh.deadNotCalled),
            "tombstonesForgotten": Value(self.mesh.tombstonesForgotten),
            "flushesForgotten": Value(self.mesh.flushesForgotten),
            "orphansForgotten": Value(self.mesh.orphansForgotten),
            "fetchesDelayed": Value(self.mesh.fetchesDelayed),
            "ownWindowDropped": Value(self.mesh.ownWindowDropped),
            "receivedWindowsDropped": Value(self.mesh.receivedWindowsDropped),
            "slowestLeftBehind": Value(self.mesh.slowestLeftBehind), "heldForSlowest": Value(self.heldForSlowest),
            "held": Value(self.mesh.held), "heldOverflowed": Value(self.mesh.heldOverflowed),
            "fetches": Value(self.mesh.fetches), "fetchesUnanswered": Value(self.mesh.fetchesUnanswered),
            "repairedByOrigin": Value(self.mesh.repairedByOrigin),
            "repairedByOthers": Value(self.mesh.repairedByOthers),
            "fetchesServed": Value(self.mesh.fetchesServed), "fetchesPutOff": Value(self.mesh.fetchesPutOff),
        ]
        counters["security"] = self.security?.value
        return .object(counters)
    }
}

extension SecurityCounters {
    /// The counters by name.
    public var value: Value {
        [
            "refusedKeys": Value(self.refusedKeys), "refusedHandshakes": Value(self.refusedHandshakes),
            "refusedElsewhere": Value(self.refusedElsewhere), "impostors": Value(self.impostors),
            "revoked": Value(self.revoked), "refusedCommands": Value(self.refusedCommands),
            "rebinds": Value(self.rebinds), "rebindsDelayed": Value(self.rebindsDelayed),
            "badFiles": Value(self.badFiles),
            "otherServerKeys": Value(self.otherServerKeys), "idsForgotten": Value(self.idsForgotten),
        ]
    }
}
