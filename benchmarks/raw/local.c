// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
// A local emit in C: the name's handler is found in a hash table and called, and a ring of the last 100 events owns a
// copy of each event's arguments, with the time of the emit.
//
//   raw-local EMITS   prints one JSON object
#include "raw.h"

enum { SLOTS = 64, RING = 100 };

typedef void (*handler)(const char *user, long number);

struct slot {
    const char *name;
    handler call;
};

struct record {
    const char *name;
    char *user;
    long number;
    struct timespec time;
};

static struct slot table[SLOTS];
static struct record ring[RING];
static size_t newest;
static volatile long handled;

static uint64_t hash(const char *text) {
    uint64_t value = 14695981039346656037u;
    for (; *text; text++) value = (value ^ (uint8_t)*text) * 1099511628211u;
    return value;
}

static struct slot *find(const char *name) {
    size_t at = hash(name) % SLOTS;
    while (table[at].name && strcmp(table[at].name, name) != 0) at = (at + 1) % SLOTS;
    return &table[at];
}

static void listen(const char *name, handler call) { *find(name) = (struct slot){name, call}; }

static void emit(const char *name, const char *user, long number) {
    struct record *record = &ring[newest++ % RING];
    free(record->user);
    *record = (struct record){.name = name, .user = strdup(user), .number = number};
    check(record->user != NULL, "strdup");
    clock_gettime(CLOCK_REALTIME, &record->time);
    struct slot *slot = find(name);
    if (slot->call) slot->call(user, number);
}

static void count(const char *user, long number) {
    (void)user;
    handled += number;
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: raw-local EMITS\n");
        return 64;
    }
    long emits = atol(argv[1]);
    listen("user:login", count);
    double start = now_seconds();
    for (long i = 0; i < emits; i++) emit("user:login", "john_doe", 1);
    double seconds = now_seconds() - start;
    check(handled == emits, "an emit was lost");
    printf("{\"what\":\"raw-local\",\"emits\":%ld,\"seconds\":%.6f,\"per_second\":%.0f}\n", emits, seconds,
           (double)emits / seconds);
    return 0;
}
