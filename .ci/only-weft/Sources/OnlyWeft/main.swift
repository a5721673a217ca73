// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Weft

let bus = EventBus()
bus.on("hello") { (name: String) in print("hello, \(name)") }
bus.emitSync("hello", "bus")
