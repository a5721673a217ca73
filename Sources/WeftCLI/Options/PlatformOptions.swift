// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import WeftPlatform

/// Which platform a coordinator serves; the `XPANDER_…` variables say what the flags don't.
struct PlatformOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The platform's base address. (XPANDER_BASE_URL)", valueName: "URL"))
    var platform: String?

    @Option(
        name: .long, parsing: .singleValue,
        help: ArgumentHelp("An agent to serve; may be given several times. (XPANDER_AGENT_ID)", valueName: "ID"))
    var agent: [String] = []

    @Option(
        help: ArgumentHelp("How long the event stream may be silent before it is opened anew.", valueName: "DURATION"))
    var streamIdle: DurationArgument?

    /// Reads the settings; nil when nothing at all is set.
    ///
    /// - Throws: ``CommandFailure`` with ``ExitStatus/configuration`` that names every missing variable.
    func configuration() throws(CommandFailure) -> PlatformConfiguration? {
        do {
            return try PlatformConfiguration(
                variables: ProcessInfo.processInfo.environment, baseURL: self.platform, agentIDs: self.agent)
        } catch {
            throw CommandFailure(.configuration, error.message)
        }
    }

    func validate() throws {
        if let idle = self.streamIdle?.duration, idle < .seconds(1) || idle > .seconds(86_400) {
            throw ValidationError("--stream-idle takes a duration from 1s to 1d.")
        }
    }
}
