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
            self.controlCame(payload, on: .inbound(sender.node, sender.link), from: message.userID)
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
            self.controlCame(message.first, on: .outbound(link), from: nil)
        }
    }

    private func controlCame(_ payload: [UInt8], on link: MeshLink, from user: String?) {
        do throws(WireError) {
            guard let message = self.vetted(try ControlMessage(decoding: payload), on: link, from: user) else { return }
            self.perform(self.mesh.received(message, on: link, at: .now))
        } catch {
            self.count(error)
            self.logger.debug(
                "bad control frame", metadata: ["error": "\(error.label)", "weft.link": "\(link)"])
        }
    }

    /// Messages of the event stream.
    ///
    /// - Parameter origin: Whose it is, when that is certain.
    func eventsCame(_ messages: [Message], of origin: NodeID? = nil) {
        guard !self.isStopped else { return }
        let now = MonotonicTime.now
        for message in messages {
            do throws(WireError) {
                guard message.count == 1 else {
                    throw WireError(.notWeft, "a published message of \(message.count) frames")
                }
                let frame = try PublishedFrame(decoding: message.first[...])
                if let origin, frame.origin != origin {
                    self.security?.forged()
                    continue
                }
                self.perform(self.mesh.received(frame, at: now))
            } catch {
                self.count(error)
            }
        }
    }

    /// Subscriptions at the XPUB: only the ones to probes matter here.
    func subscriptionsCame(_ messages: [Message]) {
        guard !self.isStopped else { return }
        for message in messages where message.first.first == 1 {
            guard let id = Probe.subscriber(ofTopic: message.first.dropFirst()) else { continue }
            if self.security?.isImpostor(id, message.userID) == true { continue }
            self.perform(self.mesh.subscriptionSeen(from: id, at: .now))
        }
    }

    func pauseReading() {
        guard self.isReading else { return }
        self.isReading = false
        self.counters.readingPaused += 1
        self.mesh.setReading(false)
        for socket in self.hearing { self.loop.pause(socket) }
    }

    /// The delivery queue has room again.
    func roomAgain() {
        guard !self.isReading else { return }
        self.isReading = true
        self.mesh.setReading(true)
        for socket in self.hearing { self.loop.resume(socket) }
    }

    /// The sockets over which the others' events come.
    private var hearing: [SocketID] { (self.subscriber.map { [$0] } ?? []) + self.streams.values }

    /// The bus has got further.
    func progressMade() {
        guard !self.isStopped else { return }
        let now = MonotonicTime.now
        for (origin, sequence) in self.progress.take() {
            self.perform(self.mesh.delivered(origin, through: sequence, at: now))
        }
    }
}
