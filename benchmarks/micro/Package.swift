// swift-tools-version: 6.2
// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import PackageDescription

// The modules are links to the root package's folders, compiled here once more: so `package` declarations are in reach,
// without products in the root package that nobody else needs, and nothing else is built.

let features: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

extension Target.Dependency {
    static let deque: Self = .product(name: "DequeModule", package: "swift-collections")
    static let logging: Self = .product(name: "Logging", package: "swift-log")
}

let package = Package(
    name: "weft-micro",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    ],
    targets: [
        .target(name: "Locking", swiftSettings: features),
        .target(name: "WeftValue", swiftSettings: features),
        .target(name: "ServerSentEvents", swiftSettings: features),
        .target(
            name: "WeftBus", dependencies: ["Locking", "WeftValue", .deque, .logging],
            swiftSettings: features),
        .executableTarget(
            name: "Micro", dependencies: ["ServerSentEvents", "WeftBus", "WeftValue"], swiftSettings: features),
    ],
    swiftLanguageModes: [.v6]
)
