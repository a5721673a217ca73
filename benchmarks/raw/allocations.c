// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
// Counts heap allocations of a process and of those it starts: preloaded, it passes every call on to the C library and
// counts it in a file that stays when the process ends, however it ends.
//
//   LD_PRELOAD=…/allocations.so ALLOCATIONS=DIRECTORY PROGRAM …
//
// Writes DIRECTORY/PID: the command line, and at byte 4096 the count as 64 bits.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

enum { HEAD = 4096 };
static _Atomic uint64_t unmapped;
static _Atomic uint64_t *count = &unmapped;

__attribute__((constructor)) static void begin(void) {
    const char *directory = getenv("ALLOCATIONS");
    if (!directory) return;
    char path[1024], command[HEAD] = {0};
    snprintf(path, sizeof path, "%s/%d", directory, (int)getpid());
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), line = open("/proc/self/cmdline", O_RDONLY);
    if (file < 0 || line < 0 || ftruncate(file, HEAD + sizeof *count) != 0) return;
    ssize_t length = read(line, command, sizeof command - 1);
    for (ssize_t i = 0; i + 1 < length; i++)
        if (command[i] == 0) command[i] = ' ';
    void *map = mmap(NULL, HEAD + sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    close(line);
    if (map == MAP_FAILED) return;
    memcpy(map, command, HEAD);
    count = (_Atomic uint64_t *)((char *)map + HEAD);
}

static void add(void) { atomic_fetch_add_explicit(count, 1, memory_order_relaxed); }

void *malloc(size_t size) {
    add();
    return __libc_malloc(size);
}

void *calloc(size_t items, size_t size) {
    add();
    return __libc_calloc(items, size);
}

void *realloc(void *old, size_t size) {
    add();
    return __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size) {
    add();
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **result, size_t alignment, size_t size) {
    *result = memalign(alignment, size);
    return *result ? 0 : 12;
}
