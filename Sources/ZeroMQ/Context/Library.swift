// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

internal import CZeroMQ

/// The libzmq that this program runs with.
public enum Library {
    /// Its version, as "4.3.4".
    public static var version: String {
        var (major, minor, patch): (Int32, Int32, Int32) = (0, 0, 0)
        zmq_version(&major, &minor, &patch)
        return "\(major).\(minor).\(patch)"
    }

    /// Whether it was built with something: "curve", "ipc", "draft", "gssapi", "pgm", "tipc", "norm".
    ///
    /// - Parameter capability: The name as libzmq spells it.
    public static func has(_ capability: String) -> Bool {
        zmq_has(capability) == 1
    }
}
