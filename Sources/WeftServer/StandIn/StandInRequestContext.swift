// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Hummingbird
import NIOCore

/// What belongs to one request: also its connection, whose end a stream has to notice.
struct StandInRequestContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        self.coreContext = .init(source: source)
        self.channel = source.channel
    }
}
