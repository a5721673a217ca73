// swift-tools-version: 6.2
// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import PackageDescription

let package = Package(
    name: "only-weft",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "weft", path: "../..")],
    targets: [
        .executableTarget(
            name: "only-weft", dependencies: [.product(name: "Weft", package: "weft")], path: "Sources/OnlyWeft")
    ],
    swiftLanguageModes: [.v6]
)
