// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

extension EventBus {
    /// What became of one call.
    enum Outcome: Sendable {
        case delivered
        /// A one-time listener that another emit was quicker to call, or a cancelled handler.
        case skipped
        indirect case failed(HandlerFailure)
    }

    /// Calls synchronous handlers and puts the event into the mailboxes of asynchronous ones, in order.
    func dispatchSync(_ emission: Emission, to listeners: [Listener], _ report: inout EmitReport) {
        for listener in listeners where listener.scope.accepts(isRemote: emission.isRemote) {
            report.listeners += 1
            switch listener.handler {
            case .sync(let target): report.add(self.call(target, listener, emission))
            case .async(_, let mailbox):
                if mailbox.offer(self.job(emission), for: listener, on: self) {
                    report.scheduled += 1
                } else {
                    report.add(self.mailboxFull(emission))
                }
            }
        }
    }

    /// Calls synchronous handlers, begins asynchronous ones, in order, and waits for all.
    func dispatch(_ emission: Emission, to listeners: [Listener], _ report: inout EmitReport) async {
        guard let last = listeners.last else { return }
        // Child tasks are for handlers that others come after; the last one is simply awaited.
        let needsTasks = listeners.contains { listener in
            if case .async = listener.handler { listener !== last } else { false }
        }
        guard needsTasks else {
            var deferred: [ErrorEvent] = []
            for listener in listeners where listener.scope.accepts(isRemote: emission.isRemote) {
                report.listeners += 1
                switch listener.handler {
                case .sync(let target): report.add(self.call(target, listener, emission, deferring: &deferred))
                case .async(let target, _): report.add(await self.call(target, listener, emission))
                }
            }
            for error in deferred { await self.emit(error) }
            return
        }
        report = await withTaskGroup(of: Outcome.self) { [report] group in
            var report = report
            var deferred: [ErrorEvent] = []
            for listener in listeners where listener.scope.accepts(isRemote: emission.isRemote) {
                report.listeners += 1
                switch listener.handler {
                case .sync(let target): report.add(self.call(target, listener, emission, deferring: &deferred))
                case .async(let target, _):
                    // Begun at once, so that handlers begin in the order of registration.
                    if #available(macOS 26, *) {
                        group.addImmediateTask { await self.call(target, listener, emission) }
                    } else {
                        group.addTask { await self.call(target, listener, emission) }
                    }
                }
            }
            for await outcome in group { report.add(outcome) }
            for error in deferred { await self.emit(error) }
            return report
        }
    }

    /// Does what is left of an emit that cannot wait.
    @usableFromInline
    func emitSync(
        _ rest: EmitRest, _ name: EventName, _ source: any ArgumentSource, isLocalOnly: Bool, _ report: EmitReport
    ) -> EmitReport {
        var report = report
        switch rest {
        case .all: return self.emitSync(name, source, isLocalOnly: isLocalOnly)
        case .listeners(let begun, let index):
            let emission = begun.emission(name, source, report.sequence)
            self.dispatchSync(emission, to: Array(begun.listeners[index...]), &report)
        case .failure(let error, let begun, let index):
            let emission = begun.emission(name, source, report.sequence)
            if let failure = self.failure(error, emission) {
                if let event = self.errorEvent(failure, emission) { self.emitSync(event) }
                report.add(failure)
            }
            self.dispatchSync(emission, to: Array(begun.listeners[index...]), &report)
        }
        return report
    }

    /// Goes on with the listeners of an emit that can wait, from a place in their order.
    ///
    /// - Parameter error: What the handler before that place has thrown.
    @usableFromInline
    func continueEmit(
        _ name: EventName, _ begun: BegunAtOnce, at index: Int, after error: (any Error)? = nil,
        _ source: any ArgumentSource,
        _ report: EmitReport
    ) async -> EmitReport {
        var report = report
        let emission = begun.emission(name, source, report.sequence)
        var deferred: ErrorEvent?
        if let error, let failure = self.failure(error, emission) {
            if let event = self.errorEvent(failure, emission) {
                if event.needsWaiting { deferred = event } else { self.emitSync(event) }
            }
            report.add(failure)
        }
        await self.dispatch(emission, to: Array(begun.listeners[index...]), &report)
        if let deferred { await self.emit(deferred) }
        return report
    }

    /// Calls synchronous handlers and puts the event into the mailboxes of asynchronous ones, waiting where one is full.
    func handOver(_ emission: Emission, to listeners: [Listener]) async {
        for listener in listeners where listener.scope.accepts(isRemote: emission.isRemote) {
            switch listener.handler {
            case .sync(let target): _ = self.call(target, listener, emission)
            case .async(_, let mailbox):
                let job = self.job(emission.isRemote && mailbox.isBackedUp ? emission.detached() : emission)
                if !mailbox.offer(job, for: listener, on: self) {
                    self.count(\.mailboxWaits)
                    // Only when the delivery itself is given up: then nobody waits for the event any more.
                    if !(await mailbox.append(job, for: listener, on: self)) { self.count(\.mailboxDrops) }
                }
            }
        }
    }

    /// Runs what has waited in a mailbox.
    func run(_ job: Mailbox.Job, _ listener: Listener) async {
        guard case .async(let target, _) = listener.handler else { return }
        if job.emission.name.kind == .newListener {
            _ = await ListenerNews.$isUnderWay.withValue(true) { await self.call(target, listener, job.emission) }
        } else if job.isHandlingError {
            _ = await ErrorHandling.$isUnderWay.withValue(true) { await self.call(target, listener, job.emission) }
        } else {
            _ = await self.call(target, listener, job.emission)
        }
    }

    func job(_ emission: Emission) -> Mailbox.Job {
        Mailbox.Job(emission: emission, isHandlingError: ErrorHandling.isUnderWay)
    }

    func call(_ target: SyncTarget, _ listener: Listener, _ emission: Emission) -> Outcome {
        let outcome = self.attempt(target, listener, emission)
        if case .failed(let failure) = outcome, let error = self.errorEvent(failure, emission) { self.emitSync(error) }
        return outcome
    }

    /// The same for an emitter that can wait: an `error` event with asynchronous handlers comes after the other handlers
    /// of the event that failed, so that it does not hold them up.
    private func call(
        _ target: SyncTarget, _ listener: Listener, _ emission: Emission, deferring deferred: inout [ErrorEvent]
    ) -> Outcome {
        let outcome = self.attempt(target, listener, emission)
        if case .failed(let failure) = outcome, let error = self.errorEvent(failure, emission) {
            if error.needsWaiting { deferred.append(error) } else { self.emitSync(error) }
        }
        return outcome
    }

    private func attempt(_ target: SyncTarget, _ listener: Listener, _ emission: Emission) -> Outcome {
        do {
            return try target.call(emission, listener, self) ? .delivered : .skipped
        } catch {
            return self.failure(error, emission).map { .failed($0) } ?? .skipped
        }
    }

    private func call(_ target: AsyncTarget, _ listener: Listener, _ emission: Emission) async -> Outcome {
        do {
            return try await target.call(emission, listener, self) ? .delivered : .skipped
        } catch {
            guard let failure = self.failure(error, emission) else { return .skipped }
            if let error = self.errorEvent(failure, emission) { await self.emit(error) }
            return .failed(failure)
        }
    }
}

extension EmitReport {
    mutating func add(_ outcome: EventBus.Outcome) {
        switch outcome {
        case .delivered: self.delivered += 1
        case .skipped: break
        case .failed(let failure): self.add(failure)
        }
    }
}
