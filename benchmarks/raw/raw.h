// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
// What the raw programs share: checks that name what failed, a clock, options by name, and processes that meet.
#ifndef WEFT_RAW_H
#define WEFT_RAW_H

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

static inline void check(int ok, const char *what) {
    if (!ok) {
        fprintf(stderr, "%s: %s\n", what, zmq_strerror(errno));
        exit(1);
    }
}

static inline double now_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static inline void set_int(void *socket, int option, int value) {
    check(zmq_setsockopt(socket, option, &value, sizeof value) == 0, "zmq_setsockopt");
}

static inline int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// The value of `--name VALUE`, or the fallback.
static inline long option(int argc, char **argv, const char *name, long fallback) {
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0) return atol(argv[i + 1]);
    return fallback;
}

// Whether `--name` is there.
static inline int flag(int argc, char **argv, const char *name) {
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], name) == 0) return 1;
    return 0;
}

// Binds to a port of the system's choice and says which.
static inline void bound(void *socket, char endpoint[64]) {
    size_t length = 64;
    check(zmq_bind(socket, "tcp://127.0.0.1:*") == 0, "bind");
    check(zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &length) == 0, "endpoint");
}

static inline void put(int descriptor, const void *bytes, size_t count) {
    check(write(descriptor, bytes, count) == (ssize_t)count, "write to the other process");
}

static inline void take(int descriptor, void *bytes, size_t count) {
    for (size_t have = 0; have < count;) {
        ssize_t more = read(descriptor, (char *)bytes + have, count - have);
        if (more <= 0) {
            fprintf(stderr, "the other process ended early\n");
            exit(1);
        }
        have += (size_t)more;
    }
}

// Waits for all children; one that failed makes the run invalid.
static inline void join_children(int count) {
    for (int i = 0; i < count; i++) {
        int status = 0;
        check(wait(&status) > 0, "wait");
        if (status != 0) {
            fprintf(stderr, "another process failed: this run counts for nothing\n");
            exit(1);
        }
    }
}

// The percentiles of so many times in microseconds, as members of a JSON object.
static inline void print_percentiles(double *times, long count) {
    qsort(times, (size_t)count, sizeof(double), compare_doubles);
    printf("\"p50_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f", times[count / 2], times[count * 99 / 100],
           times[count * 999 / 1000]);
}

#endif
