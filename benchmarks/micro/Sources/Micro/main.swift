// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

// `Micro SUBJECT COUNT [WASTE]`: does one thing so often and prints how long it took, as JSON. `benchmarks/micro/run`
// also counts the instructions and heap allocations of each, which do not vary with the machine.

let arguments = CommandLine.arguments.dropFirst()
guard let subject = arguments.first.flatMap(Subject.init), let count = arguments.dropFirst().first.flatMap({ Int($0) }),
    count > 0
else {
    print("usage: Micro \(Subject.allCases.map(\.rawValue).joined(separator: "|")) COUNT [WASTE]")
    throw CommandLineMistake()
}
let start = ContinuousClock.now
try subject.run(count, waste: arguments.dropFirst(2).first.flatMap { Int($0) } ?? 0)
let nanoseconds = (ContinuousClock.now - start) / .nanoseconds(1) / Double(count)
print("{\"subject\":\"\(subject.rawValue)\",\"count\":\(count),\"nanoseconds\":\(nanoseconds)}")

struct CommandLineMistake: Error {}
