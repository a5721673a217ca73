// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftValue

/// What becomes of a report of progress.
public enum ProgressAction: Hashable, Sendable {
    /// Tell the mesh.
    case emit(id: String, attempt: Int, Value)
    /// Tell the platform; ``ProgressRelay/pushed(_:at:)`` says when that has been done.
    case push(id: String, Value)
}
