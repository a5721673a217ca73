// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

extension Value {
    /// Reads JSON text in UTF-8.
    ///
    /// Whole numbers are exact up to 64 bits, with or without sign; larger ones become doubles. Of members with the
    /// same name the last one counts.
    ///
    /// - Throws: ``JSONError`` with the position and the reason.
    public init(json: some Collection<UInt8>) throws(JSONError) {
        var parser = JSONParser(Array(json))
        self = try parser.parse()
    }

    /// Reads JSON text.
    ///
    /// - Throws: ``JSONError`` with the position and the reason.
    public init(json: String) throws(JSONError) {
        try self.init(json: Array(json.utf8))
    }

    /// The value as JSON text, in one line or indented; the table at ``Value`` says how each kind maps.
    public func json(pretty: Bool = false) -> String {
        String(decoding: self.jsonBytes(pretty: pretty), as: UTF8.self)
    }

    /// The value as JSON text in UTF-8.
    public func jsonBytes(pretty: Bool = false) -> [UInt8] {
        var writer = JSONWriter(pretty: pretty)
        writer.write(self)
        return writer.bytes
    }
}
