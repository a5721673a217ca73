// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import ZeroMQ

struct SocketErrorTests {
    private func error(_ body: () throws -> Void) -> ZeroMQError? {
        do { try body() } catch { return error as? ZeroMQError }
        return nil
    }

    @Test func aTakenPortIsNamed() throws {
        let context = try Context()
        let first = try context.socket(.pull)
        let endpoint = try first.bind("tcp://127.0.0.1:*")
        let error = self.error { try context.socket(.pull).bind(endpoint) }
        #expect(error?.code == .addressInUse)
        #expect(error?.message.contains(endpoint.description) == true)
    }

    @Test func bindingPicksAnotherPortWhenOneIsTaken() throws {
        let context = try Context()
        let first = try context.socket(.pull)
        let taken = try #require(try first.bind("tcp://127.0.0.1:*").port)
        let endpoint = try Endpoint("tcp://127.0.0.1:*")
        let single = PortPicker(range: taken...taken)
        let error = self.error { try context.socket(.pull).bind(endpoint, picking: single, attempts: 3) }
        #expect(error?.code == .noFreePort)
        let second = try context.socket(.pull)
        let two = PortPicker(range: taken...(taken + 1))
        #expect(try second.bind(endpoint, picking: two, attempts: 100).port == taken + 1)
    }

    @Test func foreignAddressesCannotBeBound() throws {
        let context = try Context()
        #expect(self.error { try context.socket(.pull).bind("tcp://192.0.2.1:7400") }?.code == .addressNotAvailable)
        #expect(self.error { try context.socket(.pull).bind("ipc:///no/such/folder/x") } != nil)
        #expect(self.error { try context.socket(.pull).connect("tcp://127.0.0.1:*") }?.code == .invalidEndpoint)
    }

    @Test func routerReportsPeersThatAreNotThere() throws {
        let context = try Context()
        let router = try context.socket(.router)
        try router.set(.routerMandatory, to: true)
        let error = self.error { try context.socket(.router).send(Message(frames: [[1], [2]])) }
        #expect(error == nil, "not mandatory: dropped")
        do throws(ZeroMQError) {
            try router.send(Message(frames: [[1], [2]]))
            Issue.record("sent to nobody")
        } catch {
            #expect(error.code == .unreachable)
        }
    }

    @Test func waitsAreBounded() throws {
        let context = try Context()
        let pull = try context.socket(.pull)
        let started = ContinuousClock.now
        do throws(ZeroMQError) {
            _ = try pull.receive(within: .milliseconds(50))
            Issue.record("received from nobody")
        } catch {
            #expect(error.code == .timedOut)
        }
        #expect(ContinuousClock.now - started >= .milliseconds(50))
        #expect(try pull.tryReceive() == nil)
        let push = try context.socket(.push)
        let taken = try push.trySend(Message("x"))
        #expect(!taken)
    }

    @Test func secondRequestInARowIsAWrongState() throws {
        let context = try Context()
        let req = try context.socket(.req)
        try req.connect("inproc://somewhere")
        try req.send(Message("one"))
        do throws(ZeroMQError) {
            try req.send(Message("two"))
            Issue.record("two requests")
        } catch {
            #expect(error.code == .wrongState)
        }
    }

    @Test func unbindFreesThePlace() throws {
        let context = try Context()
        let one = try context.socket(.pull)
        let endpoint = try one.bind(Places.next("inproc"))
        try one.unbind(endpoint)
        let two = try context.socket(.pull)
        try two.bind(endpoint)
        #expect(self.error { try context.socket(.pull).unbind(endpoint) }?.code == .notFound)
        let push = try context.socket(.push)
        let tcp = try two.bind("tcp://127.0.0.1:*")
        try push.connect(tcp)
        try push.disconnect(tcp)
        do throws(ZeroMQError) {
            try push.disconnect(tcp)
            Issue.record("disconnected twice")
        } catch {
            #expect(error.code == .notFound)
        }
    }

    @Test func endpointsComeBackAsTheyWereWritten() throws {
        let context = try Context()
        let socket = try context.socket(.pull)
        let four = try socket.bind("tcp://127.0.0.1:*")
        #expect(four.address == "127.0.0.1")
        let range = PortPicker().range
        #expect(four.port.map(range.contains) == true)
        let ipc = try socket.bind("ipc://*")
        #expect(ipc.transport == .ipc && ipc.address != "*")
    }
}
