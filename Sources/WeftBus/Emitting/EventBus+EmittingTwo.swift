// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftValue

// Events of two arguments: the same as those of any number, without a parameter pack and, if they are plain values, without
// an object that holds them.
extension EventBus {
    /// Emits an event here and, once this bus is mirrored, on all other nodes, and waits for the handlers here.
    @discardableResult
    @inlinable
    public func emit<First, Second>(_ key: EventKey<First, Second>, _ first: First, _ second: Second) async
        -> EmitReport
    {
        await self.emitTwo(key.name, first, second, isLocalOnly: false)
    }

    /// Emits an event here and on all other nodes without waiting for asynchronous handlers.
    @discardableResult
    @inlinable
    public func emitSync<First, Second>(_ key: EventKey<First, Second>, _ first: First, _ second: Second) -> EmitReport
    {
        self.emitTwoSync(key.name, first, second, isLocalOnly: false)
    }

    /// Emits an event in this process only, and waits for its handlers.
    @discardableResult
    @inlinable
    public func emitLocal<First, Second>(_ key: EventKey<First, Second>, _ first: First, _ second: Second) async
        -> EmitReport
    {
        await self.emitTwo(key.name, first, second, isLocalOnly: true)
    }

    /// Emits an event in this process only, without waiting for asynchronous handlers.
    @discardableResult
    @inlinable
    public func emitLocalSync<First, Second>(_ key: EventKey<First, Second>, _ first: First, _ second: Second)
        -> EmitReport
    {
        self.emitTwoSync(key.name, first, second, isLocalOnly: true)
    }

    @inlinable
    func beginTwo<First: Codable & Sendable, Second: Codable & Sendable>(
        _ name: EventName, _ first: First, _ second: Second, isLocalOnly: Bool, _ report: inout EmitReport
    ) -> BegunAtOnce? {
        guard let one = ArgumentCoding.size(of: first), let other = ArgumentCoding.size(of: second),
            one &+ other < Defaults.copiedBytes
        else { return nil }
        return self.beginAtOnce(name, size: one &+ other &+ 1, isLocalOnly: isLocalOnly, &report) { writer in
            writer.writeArrayHeader(2)
            try? ArgumentCoding.write(first, to: &writer)
            try? ArgumentCoding.write(second, to: &writer)
        }
    }

    @inlinable
    func emitTwoSync<First: Codable & Sendable, Second: Codable & Sendable>(
        _ name: EventName, _ first: First, _ second: Second, isLocalOnly: Bool
    ) -> EmitReport {
        var report = EmitReport()
        guard let begun = self.beginTwo(name, first, second, isLocalOnly: isLocalOnly, &report) else {
            return self.emitSync(name, ArgumentBox(first, second), isLocalOnly: isLocalOnly)
        }
        var (index, called, delivered) = (0, 0, 0)
        while index < begun.listeners.count {
            let listener = begun.listeners[index]
            if listener.isForLocal {
                guard let target = listener.target as? SyncHandlerOfTwo<First, Second> else {
                    report.count(called: called, delivered: delivered)
                    self.continueSync(begun, at: index, ArgumentBox(first, second), &report)
                    return report
                }
                called &+= 1
                do {
                    if !listener.isOnce || self.claim(listener) {
                        try target.handler(first, second)
                        delivered &+= 1
                    }
                } catch {
                    report.count(called: called, delivered: delivered)
                    self.continueSync(begun, at: index &+ 1, after: error, ArgumentBox(first, second), &report)
                    return report
                }
            }
            index &+= 1
        }
        report.count(called: called, delivered: delivered)
        return report
    }

    @inlinable
    func emitTwo<First: Codable & Sendable, Second: Codable & Sendable>(
        _ name: EventName, _ first: First, _ second: Second, isLocalOnly: Bool
    ) async -> EmitReport {
        var report = EmitReport()
        guard let begun = self.beginTwo(name, first, second, isLocalOnly: isLocalOnly, &report) else {
            return await self.emit(name, ArgumentBox(first, second), isLocalOnly: isLocalOnly)
        }
        var (index, called, delivered) = (0, 0, 0)
        while index < begun.listeners.count {
            let listener = begun.listeners[index]
            index &+= 1
            guard listener.isForLocal else { continue }
            do {
                if let target = listener.target as? SyncHandlerOfTwo<First, Second> {
                    called &+= 1
                    if !listener.isOnce || self.claim(listener) {
                        try target.handler(first, second)
                        delivered &+= 1
                    }
                } else if index == begun.listeners.count,
                    let target = listener.target as? AsyncHandlerOfTwo<First, Second>
                {
                    // Others that come after it would have to begin before it ends.
                    called &+= 1
                    if !listener.isOnce || self.claim(listener) {
                        try await target.handler(first, second)
                        delivered &+= 1
                    }
                } else {
                    report.count(called: called, delivered: delivered)
                    return await self.continueEmit(begun, at: index &- 1, ArgumentBox(first, second), report)
                }
            } catch {
                report.count(called: called, delivered: delivered)
                return await self.continueEmit(begun, at: index, after: error, ArgumentBox(first, second), report)
            }
        }
        report.count(called: called, delivered: delivered)
        return report
    }
}
