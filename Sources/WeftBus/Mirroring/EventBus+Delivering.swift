// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking
public import WeftValue

extension EventBus {
    /// Delivers events of another node in the form in which they came.
    ///
    /// The same as ``deliver(_:)-([EventRecord])``, with one visit to the lock for a thousand events: they come into the
    /// history together, and whoever listens at that moment gets them, unless its registration ends meanwhile.
    ///
    /// - Parameters:
    ///   - packed: The events.
    ///   - sequence: Those up to here have been delivered before.
    /// - Returns: The sequence of the last event that could be read, and what is wrong with the next one.
    @concurrent
    public func deliver(_ packed: PackedEvents, after sequence: UInt64 = 0) async -> (UInt64, MessagePackError?) {
        var packed = packed
        var step = DeliveryStep(packed)
        var problem: MessagePackError?
        var isAtEnd = false
        while !isAtEnd {
            step.clear()
            do throws(MessagePackError) {
                while step.events.count < Defaults.eventsPerStep {
                    guard try packed.next() else {
                        isAtEnd = true
                        break
                    }
                    if packed.sequence > sequence { step.append(packed) }
                }
            } catch {
                problem = error
                isAtEnd = true
            }
            guard !step.events.isEmpty else { continue }
            self.take(&step)
            while let (mailbox, listener, job) = self.handOver(&step) {
                self.count(\.mailboxWaits)
                // Only when the delivery itself is given up: then nobody waits for the event any more.
                if !(await mailbox.append(job, for: listener, on: self)) { self.count(\.mailboxDrops) }
            }
        }
        return (packed.sequence, problem)
    }

    /// Puts the newest of the events into the history and finds out who listens, in one step: who registers later gets
    /// them from the history, and not a second time.
    private func take(_ step: inout DeliveryStep) {
        let kept = self.configuration.historyEvents
        self.state.withLockInlined { state in
            let count = step.events.count
            state.counters.received &+= UInt64(count)
            var start = 0
            for index in step.runs.indices {
                let (name, end) = (step.runs[index].name, step.runs[index].end)
                step.runs[index].listeners = state.registry.listeners(for: name)
                var place = max(start, count - kept)
                while place < end {
                    let event = step.events[place]
                    let dropped = state.history.append(
                        name: name, origin: step.origin, sequence: step.first + UInt64(place),
                        microseconds: event.microseconds, isRemote: true,
                        EventArguments(encoded: step.arguments.reader[event.part]))
                    state.counters.historyByteDrops &+= UInt64(truncatingIfNeeded: dropped)
                    place += 1
                }
                start = end
            }
        }
    }

    /// Hands the events over, each to all its listeners before the next one.
    ///
    /// - Returns: nil when all have been; else a full mailbox, and what it must have room for before this goes on.
    private func handOver(_ step: inout DeliveryStep) -> (Mailbox, Listener, Mailbox.Job)? {
        while step.run < step.runs.count {
            let run = step.runs[step.run]
            if run.listeners.isEmpty { step.event = run.end }
            if run.listeners.count == 1, let listener = run.listeners.first, listener.isForRemote,
                case .sync(let target) = listener.handler, let read = target.read
            {
                // The usual case, kept short.
                while step.event < run.end {
                    if listener.isRegistered {
                        self.handOver(step.event, of: run.name, &step, to: listener, target, read)
                    }
                    step.event += 1
                }
            }
            while step.event < run.end {
                while step.listener < run.listeners.count {
                    let listener = run.listeners[step.listener]
                    step.listener += 1
                    guard listener.isForRemote, listener.isRegistered else { continue }
                    if let full = self.handOver(step.event, of: run.name, &step, to: listener) { return full }
                }
                step.listener = 0
                step.event += 1
            }
            step.run += 1
        }
        return nil
    }

    private func handOver(
        _ event: Int, of name: EventName, _ step: inout DeliveryStep, to listener: Listener, _ target: SyncTarget,
        _ read: SyncTarget.Read
    ) {
        do throws(MessagePackError) {
            try step.arguments.enter(step.events[event].part)
        } catch {
            // Not even an array: the longer way knows what to say.
            _ = self.call(target, listener, step.emission(event, name))
            return
        }
        do {
            _ = try read(&step.arguments, listener, self)
        } catch {
            let emission = step.emission(event, name)
            guard let failure = self.failure(error, emission) else { return }
            if let error = self.errorEvent(failure, emission) { self.emitSync(error) }
        }
    }

    private func handOver(
        _ event: Int, of name: EventName, _ step: inout DeliveryStep, to listener: Listener
    ) -> (Mailbox, Listener, Mailbox.Job)? {
        switch listener.handler {
        case .sync(let target):
            guard let read = target.read else {
                _ = self.call(target, listener, step.emission(event, name))
                return nil
            }
            self.handOver(event, of: name, &step, to: listener, target, read)
            return nil
        case .async(_, let mailbox):
            let emission = step.emission(event, name)
            let job = self.job(mailbox.isBackedUp ? emission.detached() : emission)
            return mailbox.offer(job, for: listener, on: self) ? nil : (mailbox, listener, job)
        }
    }
}
