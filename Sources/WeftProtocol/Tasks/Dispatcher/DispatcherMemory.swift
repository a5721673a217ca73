// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// What is remembered of the tasks that ended last: at least as many as the limit says, and at most twice as many.
///
/// They are forgotten by the generation, since to drop one by one costs more than to remember.
struct DispatcherMemory {
    private let limit: Int
    private var recent: [String: DispatcherFinished] = [:]
    private var older: [String: DispatcherFinished] = [:]

    init(limit: Int) {
        self.limit = max(0, limit)
    }

    subscript(id: String) -> DispatcherFinished? {
        get { self.recent[id] ?? self.older[id] }
        set {
            guard let newValue else {
                self.recent[id] = nil
                self.older[id] = nil
                return
            }
            if self.recent.updateValue(newValue, forKey: id) != nil || self.recent.count <= self.limit { return }
            self.recent[id] = nil
            self.older = self.recent
            self.recent = [id: newValue]
        }
    }
}
