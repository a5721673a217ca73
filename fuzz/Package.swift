// swift-tools-version: 6.2
// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import PackageDescription

// Weft's modules are compiled here once more, from links in `Sources` to the folders of the root package, and not taken
// from its products. So exactly they are instrumented and optimised and what they depend on is neither, which halves the
// building and keeps other people's code out of the coverage; what is only needed in part is compiled in part; and as these
// modules and the fuzz targets are one package, `package` declarations are in reach, without a product in the root package
// that nobody else needs.

let features: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]
// The address sanitizer works, too (`fuzz/run --address`), at three times the cost: what is tested here is Swift without
// unsafe pointers, but for the search for line ends.
let sanitizers = "-sanitize=" + (Context.environment["WEFT_FUZZ_SANITIZERS"] ?? "fuzzer")
// A debug build, so that the targets can import what is internal, but optimised: -O keeps the checks of arithmetic and of
// bounds, which are what is looked for.
let tested: [SwiftSetting] = features + [.unsafeFlags(["-O", sanitizers])]
// GNU gold, the default, takes the address sanitizer's symbols for mistakes.
let linked: [LinkerSetting] = [.unsafeFlags([sanitizers, "-use-ld=lld"])]

extension Target.Dependency {
    static let argumentParser: Self = .product(name: "ArgumentParser", package: "swift-argument-parser")
    static let deque: Self = .product(name: "DequeModule", package: "swift-collections")
    static let grdb: Self = .product(name: "GRDB", package: "GRDB.swift")
    static let heap: Self = .product(name: "HeapModule", package: "swift-collections")
    static let logging: Self = .product(name: "Logging", package: "swift-log")
}

/// A program that libFuzzer drives; see `FuzzKit`.
func fuzzer(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
        name: name, dependencies: ["FuzzKit"] + dependencies, swiftSettings: tested, linkerSettings: linked)
}

let package = Package(
    name: "weft-fuzz",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        .systemLibrary(name: "CZeroMQ", pkgConfig: "libzmq"),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl"),
        .target(name: "Locking", swiftSettings: features),
        .target(name: "WeftValue", swiftSettings: tested),
        .target(name: "ServerSentEvents", swiftSettings: tested),
        .target(
            name: "ZeroMQ", dependencies: ["CZeroMQ", "Locking", .heap, .deque], exclude: ["ZeroMQ.docc"],
            swiftSettings: tested),
        .target(
            name: "CurlHTTP", dependencies: ["CCurl", "Locking", "ServerSentEvents", .deque], swiftSettings: features),
        .target(name: "WeftBus", dependencies: ["Locking", "WeftValue", .deque, .logging], swiftSettings: tested),
        .target(
            name: "WeftProtocol", dependencies: ["Locking", "WeftBus", "WeftValue", .deque, .heap],
            swiftSettings: tested),
        .target(
            name: "WeftPlatform", dependencies: ["CurlHTTP", "Locking", "ServerSentEvents", "WeftValue", .logging],
            swiftSettings: tested),
        .target(
            name: "WeftSQLite", dependencies: ["Locking", "WeftProtocol", "WeftValue", .grdb], swiftSettings: tested),
        // What reads settings and keys, without the shells around sockets and processes.
        .target(
            name: "Weft", dependencies: ["WeftBus", "WeftProtocol", "WeftValue", "ZeroMQ"],
            sources: [
                "Coordinator/CoordinatorConfiguration.swift", "Coordinator/TaskTrigger.swift",
                "Security/FileStamp.swift", "Security/KeyFile.swift", "Security/SmallFile.swift",
                "Security/TrustDirectory.swift",
            ],
            swiftSettings: tested),
        .target(
            name: "WeftCLI",
            dependencies: ["Weft", "WeftBus", "WeftProtocol", "WeftSQLite", "WeftValue", .argumentParser],
            sources: [
                "Configuration", "Options/LedgerOption.swift", "Support/CommandFailure.swift",
                "Support/DurationArgument.swift", "Support/ExitStatus.swift", "Support/Terminal.swift",
                "Support/TimeArgument.swift",
            ],
            swiftSettings: tested),

        .target(name: "CFuzzer"),
        .target(name: "FuzzKit", dependencies: ["CFuzzer", "WeftValue"], swiftSettings: features),
        fuzzer("Wire", ["WeftBus", "WeftProtocol", "WeftValue"]),
        fuzzer("Arguments", ["WeftBus", "WeftValue"]),
        fuzzer("EventStream", ["ServerSentEvents"]),
        fuzzer("Platform", ["ServerSentEvents", "WeftPlatform", "WeftValue"]),
        fuzzer("LedgerRows", ["WeftBus", "WeftProtocol", "WeftSQLite", "WeftValue", .grdb]),
        fuzzer(
            "Configuration", ["Weft", "WeftBus", "WeftCLI", "WeftPlatform", "WeftProtocol", "WeftValue", "ZeroMQ"]),
        fuzzer("MeshFrames", ["WeftBus", "WeftProtocol", "WeftValue"]),
        fuzzer("TaskFrames", ["WeftBus", "WeftProtocol", "WeftValue"]),
    ],
    swiftLanguageModes: [.v6]
)
