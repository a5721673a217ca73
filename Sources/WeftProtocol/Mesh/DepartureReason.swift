// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Why a member is gone.
public enum DepartureReason: String, Hashable, Sendable {
    /// It said goodbye.
    case left
    /// It fell silent.
    case dead
    /// Another process answers at its address.
    case replaced
    /// Its key is trusted no longer.
    case revoked
}
