// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// The status and the header fields of an answer.
struct ResponseHead: Hashable, Sendable {
    var status: Int
    var headers: HTTPHeaders

    /// The media type without its parameters, in lower case.
    var mediaType: String {
        let essence = self.headers["Content-Type"]?.prefix { $0 != ";" } ?? ""
        return essence.filter { $0 != " " && $0 != "\t" }.lowercased()
    }

    /// Whether the answer only points elsewhere.
    var isRedirect: Bool {
        [301, 302, 303, 307, 308].contains(self.status) && self.headers["Location"] != nil
    }
}
