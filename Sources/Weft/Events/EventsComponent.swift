// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// One entry of the list that ``EventsBuilder`` makes.
public struct EventsComponent: Sendable {
    enum Kind: Sendable {
        case task(TaskHandler)
        case boot(OnBoot)
        case shutdown(OnShutdown)
    }

    let kind: Kind
}
