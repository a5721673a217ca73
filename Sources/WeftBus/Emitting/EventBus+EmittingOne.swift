// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftValue

// Events of one argument: the same as those of any number, without a parameter pack and, if they are plain values, without
// an object that holds them.
extension EventBus {
    /// Emits an event here and, once this bus is mirrored, on all other nodes, and waits for the handlers here.
    @discardableResult
    @inlinable @inline(__always)
    public func emit<First>(_ key: EventKey<First>, _ first: First) async -> EmitReport {
        var report = EmitReport()
        guard let rest = self.emitOneAtOnce(key.name, first, isLocalOnly: false, &report) else { return report }
        return await self.emitOne(rest, key.name, first, isLocalOnly: false, report)
    }

    /// Emits an event here and on all other nodes without waiting for asynchronous handlers.
    @discardableResult
    @inlinable @inline(__always)
    public func emitSync<First>(_ key: EventKey<First>, _ first: First) -> EmitReport {
        var report = EmitReport()
        guard let rest = self.emitOneAtOnce(key.name, first, isLocalOnly: false, &report) else { return report }
        return self.emitSync(rest, key.name, ArgumentBox(first), isLocalOnly: false, report)
    }

    /// Emits an event in this process only, and waits for its handlers.
    @discardableResult
    @inlinable @inline(__always)
    public func emitLocal<First>(_ key: EventKey<First>, _ first: First) async -> EmitReport {
        var report = EmitReport()
        guard let rest = self.emitOneAtOnce(key.name, first, isLocalOnly: true, &report) else { return report }
        return await self.emitOne(rest, key.name, first, isLocalOnly: true, report)
    }

    /// Emits an event in this process only, without waiting for asynchronous handlers.
    @discardableResult
    @inlinable @inline(__always)
    public func emitLocalSync<First>(_ key: EventKey<First>, _ first: First) -> EmitReport {
        var report = EmitReport()
        guard let rest = self.emitOneAtOnce(key.name, first, isLocalOnly: true, &report) else { return report }
        return self.emitSync(rest, key.name, ArgumentBox(first), isLocalOnly: true, report)
    }

    @inlinable
    func beginOne<First: Codable & Sendable>(
        _ name: EventName, _ first: First, isLocalOnly: Bool, _ report: inout EmitReport
    ) -> BegunAtOnce? {
        guard let size = ArgumentCoding.size(of: first), size < Defaults.copiedBytes else { return nil }
        return self.beginAtOnce(name, size: size &+ 1, isLocalOnly: isLocalOnly, &report) { writer in
            writer.writeArrayHeader(1)
            try? ArgumentCoding.write(first, to: &writer)
        }
    }

    /// Emits as far as nothing has to be awaited.
    ///
    /// - Returns: What is left.
    @inlinable
    func emitOneAtOnce<First: Codable & Sendable>(
        _ name: EventName, _ first: First, isLocalOnly: Bool, _ report: inout EmitReport
    ) -> EmitRest? {
        guard let begun = self.beginOne(name, first, isLocalOnly: isLocalOnly, &report) else { return .all }
        var (index, called, delivered) = (0, 0, 0)
        defer { report.count(called: called, delivered: delivered) }
        while index < begun.listeners.count {
            let listener = begun.listeners[index]
            if listener.isForLocal {
                guard let target = listener.target as? SyncHandlerOfOne<First> else {
                    return .listeners(begun, at: index)
                }
                called &+= 1
                do {
                    if !listener.isOnce || self.claim(listener) {
                        try target.handler(first)
                        delivered &+= 1
                    }
                } catch {
                    return .failure(error, begun, at: index &+ 1)
                }
            }
            index &+= 1
        }
        return nil
    }

    @inlinable
    func emitOne<First: Codable & Sendable>(
        _ rest: EmitRest, _ name: EventName, _ first: First, isLocalOnly: Bool, _ report: EmitReport
    ) async -> EmitReport {
        switch rest {
        case .all: return await self.emit(name, ArgumentBox(first), isLocalOnly: isLocalOnly)
        case .failure(let error, let begun, let index):
            return await self.continueEmit(name, begun, at: index, after: error, ArgumentBox(first), report)
        case .listeners(let begun, let index):
            // One that others come after would have to be begun without being awaited.
            guard index == begun.listeners.count &- 1,
                let target = begun.listeners[index].target as? AsyncHandlerOfOne<First>
            else { return await self.continueEmit(name, begun, at: index, ArgumentBox(first), report) }
            var report = report
            do {
                let isCalled = !begun.listeners[index].isOnce || self.claim(begun.listeners[index])
                if isCalled { try await target.handler(first) }
                report.count(called: 1, delivered: isCalled ? 1 : 0)
                return report
            } catch {
                report.count(called: 1, delivered: 0)
                return await self.continueEmit(name, begun, at: index &+ 1, after: error, ArgumentBox(first), report)
            }
        }
    }
}
