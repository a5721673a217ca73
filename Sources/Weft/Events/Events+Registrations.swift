// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

extension Events.Registrations {
    /// Sorts `components` into their kinds, each in order of registration.
    init(_ components: [EventsComponent]) {
        for component in components {
            switch component.kind {
            case .task(let handler): self.tasks.append(handler)
            case .boot(let handler): self.boots.append(handler)
            case .shutdown(let handler): self.shutdowns.append(handler)
            }
        }
    }

    mutating func add(_ other: Self) {
        self.tasks += other.tasks
        self.boots += other.boots
        self.shutdowns += other.shutdowns
    }
}
