// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking
import Logging
import WeftBus
import WeftValue

/// A node's real bus with listeners of every kind that runs at once, and the port through which its events leave.
///
/// Whatever is emitted or delivered, the listeners must be called in the order in which they were registered, each for the events of its
/// scope, whoever fails among them; and only what is meant for the mesh leaves through the port.
final class SimulatedBus: EventPort {
    /// A listener, in the order of registration.
    enum Call: UInt8 {
        case exact, failing, errors, wildcard, remote, local, adding, added, last
    }

    struct Event {
        let name: String
        let arguments: [UInt8]
    }

    private struct State {
        var calls: [(call: Call, sequence: UInt64?)] = []
        var appended: [Event] = []
        var head: UInt64 = 0
    }

    struct Failure: Error {}

    private let bus: EventBus
    private let state = Locked(State())
    /// What every event carries.
    private static let key = EventKey<[UInt8]>("order:created")

    init(origin: NodeID) {
        var configuration = EventBus.Configuration()
        // What is refused here is refused on purpose.
        configuration.logger.logLevel = .critical
        self.bus = EventBus(configuration: configuration)
        self.bus.attach(self, origin: origin)
        let note: @Sendable (Call, UInt64?) -> Void = { [state = self.state] call, sequence in
            state.withLock { $0.calls.append((call, sequence)) }
        }
        self.bus.on(Self.key) { _ in note(.exact, nil) }
        self.bus.on(matching: "order:created") { record in
            note(.failing, record.sequence)
            if Self.fails(record.sequence) { throw Failure() }
        }
        self.bus.on(matching: "error") { _ in note(.errors, nil) }
        self.bus.on(matching: "order:*") { note(.wildcard, $0.sequence) }
        self.bus.on(matching: "*", from: .remote) { note(.remote, $0.sequence) }
        self.bus.on(matching: "order:created", from: .local) { note(.local, $0.sequence) }
        self.bus.on(matching: "order:*") { [weak self] record in
            note(.adding, record.sequence)
            guard let self, Self.adds(record.sequence) else { return }
            // Who is registered now is called from the next event on, and once; what is emitted now is handled now.
            self.bus.once(matching: "order:*") { note(.added, $0.sequence) }
            self.bus.emitLocalSync(EventKey<[UInt8]>("inner"), [])
        }
        self.bus.on(Self.key) { _ in note(.last, nil) }
    }

    deinit { self.bus.detach(self) }

    private static func fails(_ sequence: UInt64?) -> Bool { (sequence ?? 1).isMultiple(of: 5) }
    private static func adds(_ sequence: UInt64?) -> Bool { (sequence ?? 1).isMultiple(of: 7) }

    // MARK: - The port

    var hasRoom: Bool { true }
    func waitForRoom() async {}
    func waitForRoomBlocking() {}

    func append(name: EventName, arguments: EventArguments, microsecondsSince1970: Int64) -> UInt64 {
        self.state.withLock { state in
            var writer = MessagePackWriter()
            arguments.write(to: &writer)
            state.appended.append(Event(name: name.rawValue, arguments: writer.bytes))
            state.head += 1
            return state.head
        }
    }

    // MARK: - What is done

    /// Emits an event of so many bytes, and beside it what stays here.
    ///
    /// - Returns: What has left.
    func emit(_ bytes: Int) throws -> [Event] {
        let report = self.bus.emitSync(Self.key, Array(repeating: 7, count: bytes))
        let refused = self.bus.emitSync("weft:peer-joined", values: [])
        let calls = self.takeCalls()
        try Self.check(calls, report.sequence, isRemote: false)
        let failures = Self.fails(report.sequence) ? 1 : 0
        guard report.failures.count == failures, report.delivered == report.listeners - failures,
            refused.refusal != nil
        else { throw SimulationViolation("an emit was reported wrongly: \(report), \(refused)") }
        // As if two handlers had asked for it: nothing of this leaves.
        if Self.adds(report.sequence) {
            self.bus.emitLocalSync(EventKey<[UInt8]>("quiet"), [])
            self.bus.emitSync("error", values: ["made up"])
            _ = self.takeCalls()
        }
        return self.state.withLock { state in
            defer { state.appended = [] }
            return state.appended
        }
    }

    /// Delivers another node's events.
    func deliver(_ records: [EventRecord]) throws {
        for record in records {
            self.bus.deliverSync([record])
            try Self.check(self.takeCalls(), record.sequence, isRemote: true)
        }
        guard self.state.withLock({ $0.appended.isEmpty }) else {
            throw SimulationViolation("what came from another node was mirrored again")
        }
    }

    /// Emits what came from another node, as no bus may.
    func `repeat`(_ records: [EventRecord]) {
        for record in records { self.bus.emitSync(record.name, values: []) }
        _ = self.takeCalls()
    }

    /// The history, as a late joiner gets it.
    var history: [EventRecord] { self.bus.historySnapshot() }

    /// Takes another member's history.
    func seed(_ records: [EventRecord]) throws {
        self.bus.seedHistory(records)
        guard self.takeCalls().isEmpty else { throw SimulationViolation("a listener was called for history") }
    }

    // MARK: - What must be

    private func takeCalls() -> [(call: Call, sequence: UInt64?)] {
        self.state.withLock { state in
            defer { state.calls.removeAll(keepingCapacity: true) }
            return state.calls
        }
    }

    /// E1 and E7: who is called for an event, and in which order.
    private static func check(
        _ calls: [(call: Call, sequence: UInt64?)], _ sequence: UInt64?, isRemote: Bool
    ) throws {
        var expected: [Call] = [.exact, .failing]
        if Self.fails(sequence) { expected.append(.errors) }
        expected.append(.wildcard)
        expected.append(isRemote ? .remote : .local)
        expected.append(.adding)
        expected.append(.last)
        // Those that the former event has added come after all others.
        let found = calls.map(\.call).filter { $0 != .added }
        guard found == expected, calls.allSatisfy({ $0.sequence == nil || $0.sequence == sequence }),
            calls.drop(while: { $0.call != .added }).allSatisfy({ $0.call == .added })
        else {
            throw SimulationViolation(
                "for event \(sequence.map { "\($0)" } ?? "without a number") the listeners were called as \(calls.map(\.call)), and should have been as \(expected)"
            )
        }
    }
}
