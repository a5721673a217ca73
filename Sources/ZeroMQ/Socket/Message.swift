// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// A whole message: one frame or several, which arrive together or not at all.
///
/// The first frame is stored apart, so that a message of one frame costs no array of arrays.
public struct Message: Hashable, Sendable {
    /// The first frame.
    public var first: [UInt8]
    /// The other frames.
    public var rest: [[UInt8]]
    /// Who sent it, as the authenticator named them; nil without one and for messages of one's own.
    public var userID: String?

    /// Makes a message of one frame.
    ///
    /// - Parameter bytes: The frame.
    public init(_ bytes: [UInt8]) {
        self.first = bytes
        self.rest = []
    }

    /// Makes a message of one frame.
    ///
    /// - Parameter text: The frame, as UTF-8.
    public init(_ text: String) {
        self.init([UInt8](text.utf8))
    }

    /// Makes a message of several frames; of one empty frame, when there are none.
    ///
    /// - Parameter frames: The frames.
    public init(frames: [[UInt8]]) {
        self.first = frames.first ?? []
        self.rest = [[UInt8]](frames.dropFirst())
    }

    /// How many frames it has, at least one.
    public var count: Int { self.rest.count + 1 }

    /// All frames.
    public var frames: [[UInt8]] { [self.first] + self.rest }

    /// The last frame.
    public var last: [UInt8] { self.rest.last ?? self.first }

    /// Bytes in all frames.
    public var byteCount: Int { self.rest.reduce(self.first.count) { $0 + $1.count } }

    /// A frame, or nil where there is none: what arrives has as many as its sender liked.
    ///
    /// - Parameter index: From 0 on.
    public subscript(index: Int) -> [UInt8]? {
        if index == 0 { return self.first }
        return self.rest.indices.contains(index - 1) ? self.rest[index - 1] : nil
    }

    /// The first frame as text.
    public var text: String { String(decoding: self.first, as: UTF8.self) }
}
