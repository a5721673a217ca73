// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
#ifndef WEFT_CCURL_SHIM_H
#define WEFT_CCURL_SHIM_H

#include <curl/curl.h>

#endif
