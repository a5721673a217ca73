// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Logging
import WeftBus
import WeftProtocol
import ZeroMQ

extension NodeCore {
    /// Messages at the ROUTER: who sent them, and what.
    func controlCame(_ messages: [Message]) {
        for message in messages {
            guard !self.isStopped else { return }
            guard message.count == 2, let payload = message[1], let sender = RoutingID(bytes: message.first) else {
                self.count(WireError(.notWeft, "a message that did not come over a control link"))
                continue
            }
            self.controlCame(payload, on: .inbound(sender.node, sender.link))
        }
    }

    /// Messages that came back on a link of this node's own.
    func repliesCame(_ messages: [Message], on link: UInt32) {
        for message in messages {
            guard !self.isStopped else { return }
            guard message.count == 1 else {
                self.count(WireError(.notWeft, "a message of \(message.count) frames on a control link"))
                continue
            }
            self.controlCame(message.first, on: .outbound(link))
        }
    }

    private func controlCame(_ payload: [UInt8], on link: MeshLink) {
        do throws(WireError) {
            let message = try ControlMessage(decoding: payload)
            self.perform(self.mesh.received(message, on: link, at: .now))
        } catch {
            self.count(error)
            self.logger.debug(
                "bad control frame", metadata: ["error": "\(error.label)", "weft.link": "\(link)"])
        }
    }

    /// Messages of the event stream.
    func eventsCame(_ messages: [Message]) {
        guard !self.isStopped else { return }
        let now = MonotonicTime.now
        for message in messages {
            do throws(WireError) {
                guard message.count == 1 else {
                    throw WireError(.notWeft, "a published message of \(message.count) frames")
                }
                let frame = try PublishedFrame(decoding: message.first[...])
                self.perform(self.mesh.received(frame, at: now))
            } catch {
                self.count(error)
            }
        }
        if !self.mesh.hasJoined, self.mesh.heldBytes > NodeDefaults.deliveryQueueBytes { self.pauseReading() }
    }

    /// Subscriptions at the XPUB: only the ones to probes matter here.
    func subscriptionsCame(_ messages: [Message]) {
        guard !self.isStopped else { return }
        for message in messages where message.first.first == 1 {
            guard let id = Probe.subscriber(ofTopic: message.first.dropFirst()) else { continue }
            self.perform(self.mesh.subscriptionSeen(from: id, at: .now))
        }
    }

    func pauseReading() {
        guard self.isReading, let subscriber = self.subscriber else { return }
        self.isReading = false
        self.counters.readingPaused += 1
        self.mesh.setReading(false)
        self.loop.pause(subscriber)
    }

    /// The delivery queue has room again.
    func roomAgain() {
        guard !self.isReading, let subscriber = self.subscriber else { return }
        self.isReading = true
        self.mesh.setReading(true)
        self.loop.resume(subscriber)
    }

    /// The bus has got further.
    func progressMade() {
        guard !self.isStopped else { return }
        let now = MonotonicTime.now
        for (origin, sequence) in self.progress.take() {
            self.perform(self.mesh.delivered(origin, through: sequence, at: now))
        }
    }
}
