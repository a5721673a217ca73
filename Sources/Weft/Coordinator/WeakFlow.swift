// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// A flow that somebody else keeps.
struct WeakFlow {
    weak var flow: TaskFlow?
}
