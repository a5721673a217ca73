// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// What a write to the ledger waits for; `docs/ledger.md` says what each guarantees.
public enum LedgerSynchronous: String, Hashable, Sendable, CaseIterable {
    /// What others were told, or will be, has reached the disk when a write returns: it survives the machine's loss of power.
    case full
    /// A write has reached the system when it returns: it survives the death of the process, but the last moments may be lost with the
    /// machine's power. The file stays sound.
    case normal
}
