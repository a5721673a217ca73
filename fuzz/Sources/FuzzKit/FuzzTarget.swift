// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import CFuzzer
import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What libFuzzer drives: takes bytes as they could come from outside, and checks what must hold of them.
public protocol FuzzTarget {
    /// Reads the bytes and checks, with ``expect(_:_:)``, what must hold whatever they are. It must not trap either.
    static func check(_ bytes: [UInt8])

    /// Inputs to begin with.
    static func seeds(_ examples: Examples) throws -> [[UInt8]]
}

/// What the C callback, which captures nothing, calls; set once, before the fuzzer runs.
nonisolated(unsafe) private var check: ([UInt8]) -> Void = { _ in }

extension FuzzTarget {
    /// With `--seeds FOLDER ROOT`, writes the seeds, made from the examples in Weft's sources at the root; else fuzzes,
    /// or replays the files named, with libFuzzer's arguments.
    public static func main() throws {
        let arguments = CommandLine.arguments
        if arguments.count == 4, arguments[1] == "--seeds" {
            for (index, seed) in try Self.seeds(Examples(root: arguments[3])).enumerated() {
                try Data(seed).write(to: URL(filePath: "\(arguments[2])/seed-\(index)"))
            }
            return
        }
        FuzzKit.check = { Self.check($0) }
        var count = CommandLine.argc
        var pointer: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
        let status = withUnsafeMutablePointer(to: &pointer) { pointer in
            LLVMFuzzerRunDriver(&count, pointer) { data, size in
                FuzzKit.check([UInt8](UnsafeBufferPointer(start: data, count: size)))
                return 0
            }
        }
        exit(status)
    }
}

/// Ends the program, so that libFuzzer keeps the input, unless the condition holds.
public func expect(_ condition: Bool, _ what: @autoclosure () -> String) {
    guard !condition else { return }
    var message = "fuzz: does not hold: \(what())\n"
    message.withUTF8 { _ = write(2, $0.baseAddress, $0.count) }
    abort()
}
