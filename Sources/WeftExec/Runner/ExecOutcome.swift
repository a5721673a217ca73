// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftProtocol
import WeftValue

/// The contract between `--exec` and the program that it runs: what an exit and the outputs mean.
///
/// | exit | the task |
/// | --- | --- |
/// | 0 | completed; the result is standard output |
/// | 65 | failed, and is not tried again |
/// | 75 | is tried again later |
/// | other | failed; the message is the end of standard error |
enum ExecOutcome {
    /// EX_DATAERR: the input is at fault, so another try would fail too.
    static let neverRetry: Int32 = 65
    /// EX_TEMPFAIL: another try may succeed.
    static let tryAgain: Int32 = 75
    /// The shell found the program but could not execute it.
    static let notExecutable: Int32 = 126
    /// The shell did not find the program.
    static let notFound: Int32 = 127

    /// What became of a task whose program ended by itself.
    static func of(
        _ status: ChildExit.Status, output: ExecOutput, configuration: ExecConfiguration
    ) -> TaskOutcome {
        if output.isTooLong {
            return .failed(
                TaskFailure(
                    "the handler wrote more than \(configuration.maximumOutput) bytes to its standard output, "
                        + "which is the most that a result may have; write large results elsewhere and return where",
                    retry: .never))
        }
        guard status == .code(0) else { return .failed(Self.failure(status, output, configuration)) }
        switch configuration.resultFormat {
        case .text: return .completed(TaskResult(.string(Self.text(output.output))))
        case .json: return Self.decoded(output.output)
        }
    }

    private static func failure(
        _ status: ChildExit.Status, _ output: ExecOutput, _ configuration: ExecConfiguration
    ) -> TaskFailure {
        let errorText = output.errorText
        let said = errorText.isEmpty ? ChildExit(status: status).description : errorText
        switch status {
        case .code(Self.neverRetry): return TaskFailure(said, retry: .never)
        case .code(Self.tryAgain): return TaskFailure(said, retry: .at(nil))
        case .code(Self.notExecutable):
            return TaskFailure(
                "the handler can't be executed (\(said)); on the worker's machine, make it executable with chmod +x "
                    + "and check its first line (#!); the command is: \(configuration.command)")
        case .code(Self.notFound):
            return TaskFailure(
                "the handler was not found (\(said)); start the worker where the command works, or name the program "
                    + "by its full path; the command is: \(configuration.command)")
        case .code, .signal: return TaskFailure(said)
        }
    }

    /// Bytes that are not UTF-8 become U+FFFD: the platform takes results as text only.
    private static func text(_ bytes: [UInt8]) -> String {
        var bytes = bytes[...]
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func decoded(_ bytes: [UInt8]) -> TaskOutcome {
        func refuse(_ reason: String) -> TaskOutcome {
            .failed(
                TaskFailure(
                    "the handler's output is not what --result json asks for: \(reason); "
                        + #"print one object such as {"result": "done", "used_tools": []}, or use --result text"#))
        }
        let value: Value
        do {
            value = try Value(json: bytes)
        } catch {
            return refuse("it is not JSON (\(error))")
        }
        guard case .object(let fields) = value else { return refuse("it is JSON, but not an object") }
        var result = TaskResult(fields["result"] ?? .null)
        switch fields["status"] {
        case nil, .null: break
        case .string(let status): result.status = status
        default: return refuse("status is not a string")
        }
        switch fields["tokens"] {
        case nil, .null: break
        case .object(let tokens): result.tokens = .object(tokens)
        default: return refuse("tokens is not an object")
        }
        switch fields["used_tools"] {
        case nil, .null: break
        case .array(let tools):
            for tool in tools {
                guard case .string(let name) = tool else { return refuse("used_tools is not an array of strings") }
                result.usedTools.append(name)
            }
        default: return refuse("used_tools is not an array of strings")
        }
        return .completed(result)
    }
}
