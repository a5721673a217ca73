// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import WeftBus
import WeftProtocol
import WeftValue

/// The frames that `docs/wire-tasks.md` shows.
enum GoldenTaskFrames {
    static let worker = GoldenFrames.one
    static let epoch = TaskEpoch(ledgerID: "L1", counter: 5)
    static let reference = TaskReference(id: "t-1", attempt: 2, epoch: epoch)

    static let toWorker: [(name: String, message: CoordinatorMessage, hex: String)] = [
        (
            "WELCOME",
            .welcome(
                WorkerWelcome(
                    epoch: epoch, lease: .seconds(15), heartbeat: .milliseconds(1500), kept: [reference])),
            "5746014086a162ce0016e360a16592a24c3105a16b9193a3742d310292a24c3105a16cce00e4e1c0a16d"
                + "c3a177c410000102030405060708090a0b0c0d0e0f"
        ),
        (
            "WELCOME without several results",
            .welcome(
                WorkerWelcome(
                    epoch: epoch, lease: .seconds(15), heartbeat: .milliseconds(1500), takesSeveral: false,
                    kept: [reference])),
            "5746014085a162ce0016e360a16592a24c3105a16b9193a3742d310292a24c3105a16cce00e4e1c0a177"
                + "c410000102030405060708090a0b0c0d0e0f"
        ),
        (
            "DISPATCH",
            .dispatch([
                TaskRequest(
                    id: "t-1", attempt: 2, source: .platform, agentID: "agent", name: "wash",
                    payload: ["input": ["text": "dishes"]],
                    deadline: Date(timeIntervalSince1970: 1_800_000_000.25), timeLimit: .seconds(90),
                    traceParent: "00-ab-cd-01"),
                TaskRequest(id: "t-2", source: .submit, queue: "mail", payload: .null),
            ]),
            "5746014183a16592a24c3105a174928aa16102a164d7ff3b9aca006b49d200a167a56167656e74a169a3"
                + "742d31a16cce055d4a80a16ea477617368a17081a5696e70757481a474657874a6646973686573a171a7"
                + "64656661756c74a173a8706c6174666f726da174ab30302d61622d63642d303185a16101a169a3742d32"
                + "a170c0a171a46d61696ca173a67375626d6974a177c410000102030405060708090a0b0c0d0e0f"
        ),
        (
            "PING",
            .ping(number: 300, heard: 3),
            "5746014284a16592a24c3105a16803a16ecd012ca177c410000102030405060708090a0b0c0d0e0f"
        ),
        (
            "ACKNOWLEDGED",
            .acknowledged([reference]),
            "5746014383a16592a24c3105a1729193a3742d310292a24c3105a177c410000102030405060708090a0b"
                + "0c0d0e0f"
        ),
        (
            "SUPERSEDED",
            .superseded([reference]),
            "5746014483a16592a24c3105a1729193a3742d310292a24c3105a177c410000102030405060708090a0b"
                + "0c0d0e0f"
        ),
        (
            "CANCEL",
            .cancel(reference, reason: "stopped"),
            "5746014584a16592a24c3105a16da773746f70706564a17293a3742d310292a24c3105a177c410000102"
                + "030405060708090a0b0c0d0e0f"
        ),
        (
            "DRAIN",
            .drain,
            "5746014682a16592a24c3105a177c410000102030405060708090a0b0c0d0e0f"
        ),
    ]

    static let toCoordinator: [(name: String, message: WorkerMessage, hex: String)] = [
        (
            "REGISTER",
            .register(
                WorkerRegistration(
                    name: "alpha", slots: 4, agents: ["agent"], queues: ["mail"], endpoint: "tcp://127.0.0.1:7410",
                    session: 9, isDraining: true, held: [reference])),
            "5746016089a16309a164c3a16791a56167656e74a1689193a3742d310292a24c3105a16ea5616c706861"
                + "a170b47463703a2f2f3132372e302e302e313a37343130a17191a46d61696ca17304a177c41000010203"
                + "0405060708090a0b0c0d0e0f"
        ),
        (
            "HEARTBEAT",
            .heartbeat(WorkerHeartbeat(sequence: 4, ping: 300, held: [reference])),
            "5746016184a1689193a3742d310292a24c3105a16e04a170cd012ca177c410000102030405060708090a"
                + "0b0c0d0e0f"
        ),
        (
            "STARTED",
            .started([reference]),
            "5746016282a1729193a3742d310292a24c3105a177c410000102030405060708090a0b0c0d0e0f"
        ),
        (
            "PROGRESS",
            .progress(reference, ["percent": 40]),
            "5746016383a17293a3742d310292a24c3105a17681a770657263656e7428a177c4100001020304050607"
                + "08090a0b0c0d0e0f"
        ),
        (
            "RESULT completed",
            .result(
                reference,
                .completed(
                    TaskResult("done", status: "failed", tokens: ["prompt_tokens": 1], usedTools: ["search"]))),
            "5746016483a16f85a16ba9636f6d706c65746564a173a66661696c6564a17481ad70726f6d70745f746f"
                + "6b656e7301a17591a6736561726368a176a4646f6e65a17293a3742d310292a24c3105a177c410000102"
                + "030405060708090a0b0c0d0e0f"
        ),
        (
            "RESULT failed",
            .result(reference, .failed(TaskFailure("no soap"))),
            "5746016483a16f82a16ba66661696c6564a16da76e6f20736f6170a17293a3742d310292a24c3105a177"
                + "c410000102030405060708090a0b0c0d0e0f"
        ),
        (
            "RESULT failed, again",
            .result(
                reference,
                .failed(TaskFailure("no soap", retry: .at(Date(timeIntervalSince1970: 1_800_000_000))))),
            "5746016483a16f84a164d6ff6b49d200a16ba66661696c6564a16da76e6f20736f6170a172a561676169"
                + "6ea17293a3742d310292a24c3105a177c410000102030405060708090a0b0c0d0e0f"
        ),
        (
            "RESULT failed, never",
            .result(reference, .failed(TaskFailure("no soap", retry: .never))),
            "5746016483a16f83a16ba66661696c6564a16da76e6f20736f6170a172a56e65766572a17293a3742d31"
                + "0292a24c3105a177c410000102030405060708090a0b0c0d0e0f"
        ),
        (
            "RESULT cancelled",
            .result(reference, .cancelled(reason: "stopped")),
            "5746016483a16f82a16ba963616e63656c6c6564a16da773746f70706564a17293a3742d310292a24c31"
                + "05a177c410000102030405060708090a0b0c0d0e0f"
        ),
        (
            "RESULTS",
            .results([
                TaskEnding(reference, .completed(TaskResult("done"))),
                TaskEnding(reference, .failed(TaskFailure("no soap"))),
            ]),
            "5746016782a16f929293a3742d310292a24c310582a16ba9636f6d706c65746564a176a4646f6e659293"
                + "a3742d310292a24c310582a16ba66661696c6564a16da76e6f20736f6170a177c41000010203040506"
                + "0708090a0b0c0d0e0f"
        ),
        (
            "DRAINING",
            .draining(returned: [reference]),
            "5746016582a1729193a3742d310292a24c3105a177c410000102030405060708090a0b0c0d0e0f"
        ),
        (
            "GOODBYE",
            .goodbye(returned: []),
            "5746016682a17290a177c410000102030405060708090a0b0c0d0e0f"
        ),
    ]

    /// Every frame with its name and its bytes in hexadecimal.
    static var all: [(name: String, hex: String)] {
        Self.toWorker.map { ($0.name, $0.hex) } + Self.toCoordinator.map { ($0.name, $0.hex) }
    }
}
