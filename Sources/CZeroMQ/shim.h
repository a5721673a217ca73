// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
#ifndef WEFT_CZEROMQ_SHIM_H
#define WEFT_CZEROMQ_SHIM_H

#include <errno.h>
#include <zmq.h>
#if defined(__linux__)
#include <sys/eventfd.h>  // the Glibc module does not export it
#endif

#endif
