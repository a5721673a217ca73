// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftProtocol
import WeftValue

/// What handlers are given and give back, between their types and the ones that travel.
enum HandlerOutput {
    /// The result of a handler that returns nothing; the platform takes strings only.
    static var nothing: TaskResult { TaskResult("") }

    /// What the outcome of `call` is when its handler returned `output`.
    static func result(of output: some Encodable, for call: HandlerCall) throws -> TaskResult {
        switch output {
        case let task as AgentTask: task.taskResult
        case let result as TaskResult: result
        default: TaskResult(try self.value(of: output))
        }
    }

    /// `output` as a value.
    static func value(of output: some Encodable) throws -> Value {
        switch output {
        case let value as Value: return value
        case let text as String: return .string(text)
        default: break
        }
        do {
            var reader = MessagePackReader(try MessagePack.encode(output))
            return try reader.readValue()
        } catch {
            throw TaskFailure("The handler's result can't be encoded: \(error).", retry: .never)
        }
    }

    /// The input of a typed task.
    static func input<Input: Decodable>(_ type: Input.Type, of request: TaskRequest) throws -> Input {
        if let payload = request.payload as? Input { return payload }
        do {
            return try self.decode(type, from: request.payload)
        } catch {
            throw TaskFailure(
                "Task '\(request.name ?? request.id)' takes \(type), but its payload can't be read as that: \(error).",
                retry: .never)
        }
    }

    /// A value as one of the program's own types.
    static func decode<Output: Decodable>(_ type: Output.Type, from value: Value) throws -> Output {
        var writer = MessagePackWriter()
        writer.write(value)
        return try MessagePack.decode(type, from: writer.bytes)
    }
}
