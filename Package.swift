// swift-tools-version: 6.2
// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import PackageDescription

let swiftSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),  // SE-0335
    .enableUpcomingFeature("MemberImportVisibility"),  // SE-0444
    .enableUpcomingFeature("InternalImportsByDefault"),  // SE-0409
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),  // SE-0461
    .treatAllWarnings(as: .error),  // SE-0480; has no effect on packages that depend on this one
]

extension Target.Dependency {
    static let argumentParser: Self = .product(name: "ArgumentParser", package: "swift-argument-parser")
    static let deque: Self = .product(name: "DequeModule", package: "swift-collections")
    static let grdb: Self = .product(name: "GRDB", package: "GRDB.swift")
    static let heap: Self = .product(name: "HeapModule", package: "swift-collections")
    static let histogram: Self = .product(name: "Histogram", package: "hdrhistogram-swift")
    static let httpTypes: Self = .product(name: "HTTPTypes", package: "swift-http-types")
    static let hummingbird: Self = .product(name: "Hummingbird", package: "hummingbird")
    static let inMemoryLogging: Self = .product(name: "InMemoryLogging", package: "swift-log")
    static let lifecycle: Self = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
    static let logging: Self = .product(name: "Logging", package: "swift-log")
    static let nioCore: Self = .product(name: "NIOCore", package: "swift-nio")
    static let unixSignals: Self = .product(name: "UnixSignals", package: "swift-service-lifecycle")
}

let package = Package(
    name: "weft",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "weft", targets: ["WeftCLI"]),
        .library(name: "Weft", targets: ["Weft"]),
        .library(name: "WeftBus", targets: ["WeftBus"]),
        .library(name: "WeftSQLite", targets: ["WeftSQLite"]),
        .library(name: "WeftServer", targets: ["WeftServer"]),
        .library(name: "WeftTestKit", targets: ["WeftTestKit"]),
        .library(name: "ZeroMQ", targets: ["ZeroMQ"]),
        .library(name: "ServerSentEvents", targets: ["ServerSentEvents"]),
        .library(name: "CurlHTTP", targets: ["CurlHTTP"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // The system's C libraries, with typed shims for what Swift cannot import.
        .systemLibrary(
            name: "CZeroMQ", pkgConfig: "libzmq", providers: [.apt(["libzmq3-dev"]), .brew(["zeromq"])]),
        .systemLibrary(
            name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"]), .brew(["curl"])]),

        // System calls that Swift's view of the C library lacks.
        .target(name: "CProcess"),

        // Foundations.
        .target(name: "Locking", swiftSettings: swiftSettings),
        .target(name: "Failpoints", swiftSettings: swiftSettings),
        .target(name: "WeftValue", swiftSettings: swiftSettings),
        .target(name: "ServerSentEvents", swiftSettings: swiftSettings),
        .target(
            name: "ZeroMQ", dependencies: ["CZeroMQ", "Locking", .heap, .deque], swiftSettings: swiftSettings),
        .target(
            name: "CurlHTTP", dependencies: ["CCurl", "Locking", "ServerSentEvents", .deque],
            swiftSettings: swiftSettings),

        // Weft, from the bus up.
        .target(
            name: "WeftBus", dependencies: ["Locking", "WeftValue", .deque, .logging],
            swiftSettings: swiftSettings),
        .target(
            name: "WeftProtocol", dependencies: ["Locking", "WeftBus", "WeftValue", .deque, .heap],
            swiftSettings: swiftSettings),
        .target(
            name: "WeftPlatform", dependencies: ["CurlHTTP", "Locking", "ServerSentEvents", "WeftValue", .logging],
            swiftSettings: swiftSettings),
        .target(
            name: "Weft",
            dependencies: [
                "CProcess", "CurlHTTP", "Failpoints", "Locking", "WeftBus", "WeftPlatform", "WeftProtocol", "WeftValue",
                "ZeroMQ", .deque, .lifecycle, .logging, .unixSignals,
            ],
            swiftSettings: swiftSettings),
        .target(
            name: "WeftSQLite", dependencies: ["Locking", "WeftProtocol", "WeftValue", .grdb],
            swiftSettings: swiftSettings),
        .target(
            name: "WeftServer",
            dependencies: ["Locking", "WeftValue", .httpTypes, .hummingbird, .lifecycle, .logging, .nioCore],
            swiftSettings: swiftSettings),
        .target(
            name: "WeftExec",
            dependencies: ["CProcess", "Locking", "Weft", "WeftPlatform", "WeftProtocol", "WeftValue", .logging],
            swiftSettings: swiftSettings),
        .target(
            name: "WeftTestKit",
            dependencies: ["Locking", "Weft", "WeftBus", "WeftExec", "WeftProtocol", "WeftValue", .heap],
            swiftSettings: swiftSettings),
        // The task plane under a seeded scheduler; for the tests and for `make simulate`, in no product.
        .target(
            name: "WeftSimulation",
            dependencies: ["Locking", "WeftBus", "WeftProtocol", "WeftValue", .deque, .heap, .logging],
            swiftSettings: swiftSettings),
        .executableTarget(name: "Simulate", dependencies: ["WeftSimulation"], swiftSettings: swiftSettings),
        .executableTarget(
            name: "WeftCLI",
            dependencies: [
                "CurlHTTP", "Failpoints", "Locking", "ServerSentEvents", "Weft", "WeftBus", "WeftExec", "WeftPlatform",
                "WeftProtocol", "WeftServer", "WeftSQLite", "WeftValue", "ZeroMQ",
                .argumentParser, .histogram, .lifecycle, .logging, .unixSignals,
            ],
            swiftSettings: swiftSettings),
        .executableTarget(
            name: "Examples", dependencies: ["Weft", .hummingbird, .lifecycle, .logging, .unixSignals],
            swiftSettings: swiftSettings),

        // Tests.
        .testTarget(name: "WeftValueTests", dependencies: ["WeftValue"], swiftSettings: swiftSettings),
        .testTarget(name: "ZeroMQTests", dependencies: ["Locking", "ZeroMQ"], swiftSettings: swiftSettings),
        .testTarget(
            name: "ServerSentEventsTests", dependencies: ["ServerSentEvents"], swiftSettings: swiftSettings),
        .testTarget(
            name: "CurlHTTPTests", dependencies: ["CurlHTTP", "Locking", "ServerSentEvents"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "WeftBusTests", dependencies: ["Locking", "WeftBus", "WeftValue", .inMemoryLogging, .logging],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "WeftProtocolTests", dependencies: ["WeftBus", "WeftProtocol", "WeftTestKit", "WeftValue"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "WeftPlatformTests",
            dependencies: [
                "CurlHTTP", "Locking", "ServerSentEvents", "WeftPlatform", "WeftServer", "WeftTestKit", "WeftValue",
                .hummingbird, .logging,
            ],
            resources: [.copy("Fixtures")],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "WeftTests",
            dependencies: [
                "CurlHTTP", "Examples", "Locking", "Weft", "WeftBus", "WeftPlatform", "WeftProtocol", "WeftServer",
                "WeftTestKit", "WeftValue", "ZeroMQ", .lifecycle, .logging,
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "WeftSQLiteTests", dependencies: ["WeftProtocol", "WeftSQLite", "WeftTestKit", "WeftValue", .grdb],
            resources: [.copy("Fixtures")], swiftSettings: swiftSettings),
        .testTarget(
            name: "WeftSimulationTests", dependencies: ["WeftProtocol", "WeftSQLite", "WeftSimulation"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "WeftServerTests",
            dependencies: [
                "CurlHTTP", "Locking", "ServerSentEvents", "Weft", "WeftServer", "WeftTestKit", "WeftValue", .lifecycle,
                .logging,
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "WeftExecTests", dependencies: ["Weft", "WeftExec", "WeftProtocol", "WeftTestKit", "WeftValue"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "WeftCLITests",
            dependencies: [
                "CurlHTTP", "Locking", "Weft", "WeftBus", "WeftCLI", "WeftProtocol", "WeftSQLite", "WeftTestKit",
                "WeftValue",
            ],
            swiftSettings: swiftSettings),
    ],
    swiftLanguageModes: [.v6]
)
