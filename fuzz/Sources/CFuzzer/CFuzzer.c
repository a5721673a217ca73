// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

#include "CFuzzer.h"

// libFuzzer's library also brings a main function, which SwiftPM replaces by the Swift program's; this is what that one
// would call.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    (void)data;
    (void)size;
    __builtin_trap();
}
