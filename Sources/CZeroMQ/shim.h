// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
#ifndef WEFT_CZEROMQ_SHIM_H
#define WEFT_CZEROMQ_SHIM_H

#include <errno.h>
#include <zmq.h>
#if defined(__linux__)
// What the Glibc module does not export.
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
extern int pthread_setname_np(pthread_t thread, const char *name);  // behind _GNU_SOURCE in pthread.h
#endif

// Stable in libzmq's code since 4.3, but named only in its draft header.
#ifndef ZMQ_ZAP_ENFORCE_DOMAIN
#define ZMQ_ZAP_ENFORCE_DOMAIN 93
#endif

#endif
