// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

// `import Weft` is all that a program needs: the bus, values, and the models of tasks, workers, agents and members.
@_exported public import WeftBus
@_exported public import WeftPlatform
@_exported public import WeftValue

@_exported public import struct CurlHTTP.ReconnectPolicy
@_exported public import struct WeftProtocol.DispatcherConfiguration
@_exported public import struct WeftProtocol.FlushReport
@_exported public import class WeftProtocol.InMemoryLedger
@_exported public import protocol WeftProtocol.Ledger
@_exported public import struct WeftProtocol.LedgerStatus
@_exported public import struct WeftProtocol.MemberRecord
@_exported public import struct WeftProtocol.MemberStatus
@_exported public import struct WeftProtocol.MeshCounters
@_exported public import enum WeftProtocol.MeshDefaults
@_exported public import struct WeftProtocol.MeshError
@_exported public import struct WeftProtocol.NodeRole
@_exported public import struct WeftProtocol.QueueConfiguration
@_exported public import struct WeftProtocol.RetryPolicy
@_exported public import struct WeftProtocol.TaskAttempt
@_exported public import struct WeftProtocol.TaskEpoch
@_exported public import struct WeftProtocol.TaskFailure
@_exported public import struct WeftProtocol.TaskFilter
@_exported public import enum WeftProtocol.TaskOutcome
@_exported public import struct WeftProtocol.TaskRecord
@_exported public import struct WeftProtocol.TaskRefusal
@_exported public import struct WeftProtocol.TaskRequest
@_exported public import struct WeftProtocol.TaskResult
@_exported public import enum WeftProtocol.TaskState
@_exported public import struct WeftProtocol.TaskSubmission
