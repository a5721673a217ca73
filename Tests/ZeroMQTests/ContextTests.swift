// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import ZeroMQ

struct ContextTests {
    @Test func isTheLibraryItWasWrittenFor() {
        #expect(Library.version.hasPrefix("4."))
        #expect(Library.has("curve"))
    }

    @Test func terminatesAtOnceWithoutSockets() async throws {
        let context = try Context()
        let done = await context.terminate(within: patience)
        #expect(done)
        #expect(context.isTerminated)
        let again = await context.terminate(within: patience)
        #expect(again)
    }

    @Test func terminationIsBoundedWhileASocketIsOpen() async throws {
        let context = try Context()
        let socket = try context.socket(.pull)
        let early = await context.terminate(within: .milliseconds(50))
        #expect(!early)
        do throws(ZeroMQError) {
            _ = try socket.receive()
            Issue.record("received from a context that is gone")
        } catch {
            #expect(error.code == .terminated)
        }
        _ = consume socket
        let done = await context.terminate(within: patience)
        #expect(done)
    }

    @Test func makesNoSocketsAfterTheEnd() async throws {
        let context = try Context()
        await context.terminate(within: patience)
        #expect { _ = try context.socket(.pub) } throws: { ($0 as? ZeroMQError)?.code == .terminated }
    }

    @Test func terminationIsBoundedWithUnsentMessages() throws {
        let context = try Context()
        var options = Socket.Options()
        options.linger = nil
        do {
            let push = try context.socket(.push, options: options)
            try push.connect("tcp://127.0.0.1:9")
            try push.send(Message("for nobody"))
        }
        let started = ContinuousClock.now
        let done = context.terminate(within: .milliseconds(100))
        #expect(!done)
        #expect(ContinuousClock.now - started < .seconds(10))
    }

    @Test func moreSocketsThanFilesAreRefusedByName() {
        var configuration = Context.Configuration(maximumSockets: 65_535)
        configuration.raisesDescriptorLimit = false
        configuration.reservedDescriptors = 1 << 40
        #expect {
            _ = try Context(configuration: configuration)
        } throws: { error in
            guard let error = error as? ZeroMQError else { return false }
            return error.code == .descriptorLimitTooLow && error.message.contains("ulimit -n")
        }
        #expect(throws: ZeroMQError.self) { try Context(configuration: .init(maximumSockets: 0)) }
        #expect(throws: ZeroMQError.self) { try Context(configuration: .init(ioThreads: -1)) }
    }

    @Test func runningOutOfSocketsIsAnError() throws {
        let context = try Context(configuration: .init(maximumSockets: 20))
        #expect(context.configuration.maximumSockets == 20)
        var held: [Holder] = []
        #expect {
            for _ in 0..<30 { held.append(Holder(try context.socket(.pair))) }
        } throws: { ($0 as? ZeroMQError)?.code == .tooManyOpenFiles }
        #expect(held.count <= 20)
    }

    private final class Holder {
        let socket: Socket

        init(_ socket: consuming Socket) {
            self.socket = socket
        }
    }
}
