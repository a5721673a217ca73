// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftBus
import WeftProtocol

extension CoordinatorMessage {
    /// A few words for the trace.
    var summary: String {
        switch self {
        case .welcome(let welcome): "welcome to epoch \(welcome.epoch.counter), keep \(welcome.kept.map(\.summary))"
        case .dispatch(let requests): "dispatch \(requests.map { "\($0.id)/\($0.attempt)" })"
        case .ping(let number, let heard): "ping \(number), heard \(heard)"
        case .acknowledged(let references): "acknowledged \(references.map(\.summary))"
        case .superseded(let references): "superseded \(references.map(\.summary))"
        case .cancel(let reference, _): "cancel \(reference.summary)"
        case .drain: "drain"
        }
    }
}

extension WorkerMessage {
    /// A few words for the trace.
    var summary: String {
        switch self {
        case .register(let registration):
            "register, session \(registration.session), holding \(registration.held.map(\.summary))"
        case .heartbeat(let heartbeat):
            "heartbeat \(heartbeat.sequence), ping \(heartbeat.ping), holding \(heartbeat.held.map(\.summary))"
        case .started(let references): "started \(references.map(\.summary))"
        case .progress(let reference, _): "progress \(reference.summary)"
        case .result(let reference, let outcome): "result \(reference.summary) \(outcome.summary)"
        case .results(let endings): "results \(endings.map { "\($0.reference.summary) \($0.outcome.summary)" })"
        case .draining(let returned): "draining, gives back \(returned.map(\.summary))"
        case .goodbye(let returned): "goodbye, gives back \(returned.map(\.summary))"
        }
    }

    /// The attempts whose leases this renews, when it comes from a registered worker.
    var named: [TaskReference] {
        switch self {
        case .register(let registration): registration.held
        case .heartbeat(let heartbeat): heartbeat.held
        case .started, .progress, .result, .results, .draining, .goodbye: []
        }
    }
}

extension TaskReference {
    /// A few words for the trace.
    var summary: String { "\(self.id)/\(self.attempt)@\(self.epoch.counter)" }
}

extension TaskOutcome {
    /// A few words for the trace.
    var summary: String {
        switch self {
        case .completed(let result): "completed \(result.text.prefix(40))"
        case .failed(let failure): "failed: \(failure.message.prefix(40))"
        case .cancelled: "cancelled"
        }
    }
}

extension TaskEvent {
    /// A few words for the trace.
    var summary: String {
        switch self {
        case .ended(let record, _):
            "\(record.task.id) ended \(record.status.state) by attempt \(record.status.attempt): \(record.status.outcome?.summary ?? "")"
        default:
            "\(self)"
        }
    }
}

extension LedgerState {
    /// All that matters of it, without the dates, which a file may round.
    var summary: [String] {
        self.unfinished.map { record in
            let status = record.status
            return
                "\(record.task.id) \(status.state) \(status.attempt) \(status.epoch?.counter ?? 0) \(status.requeues) \(status.worker?.description ?? "") \(status.hasBegun)"
        } + self.reports.map { "\($0.id) \($0.content)" }
    }
}
