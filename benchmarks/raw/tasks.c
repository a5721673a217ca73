// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
// Raw task throughput over tcp: one PUSH to each worker process's PULL, results back to one PULL sink, one task per
// message, and never more of a worker's tasks in flight than it has slots.
//
//   raw-tasks [--workers N] [--slots N] [--bytes N] [--tasks N]   prints one JSON object
#include "raw.h"

enum { WORKERS = 64 };

static void worker(const char *sink, uint32_t number, int to_parent, int from_parent) {
    void *context = zmq_ctx_new();
    void *in = zmq_socket(context, ZMQ_PULL), *out = zmq_socket(context, ZMQ_PUSH);
    set_int(in, ZMQ_RCVHWM, 0);
    set_int(out, ZMQ_SNDHWM, 0);
    char endpoint[64] = {0};
    bound(in, endpoint);
    check(zmq_connect(out, sink) == 0, "connect");
    put(to_parent, endpoint, sizeof endpoint);
    for (;;) {
        zmq_msg_t message;
        zmq_msg_init(&message);
        check(zmq_msg_recv(&message, in, 0) >= 0, "receive");
        if (zmq_msg_size(&message) == 0) break;
        memcpy(zmq_msg_data(&message), &number, sizeof number);
        check(zmq_msg_send(&message, out, 0) >= 0, "send");
    }
    char done;
    take(from_parent, &done, 1);
    zmq_close(in);
    zmq_close(out);
    zmq_ctx_term(context);
}

int main(int argc, char **argv) {
    long workers = option(argc, argv, "--workers", 1), slots = option(argc, argv, "--slots", 1024);
    long bytes = option(argc, argv, "--bytes", 64), tasks = option(argc, argv, "--tasks", 1000000);
    if (workers < 1 || workers > WORKERS || slots < 1 || bytes < 12) return 64;
    char sink_endpoint[64] = {0}, endpoints[WORKERS][64];
    int to[WORKERS][2], from[WORKERS][2];
    for (long i = 0; i < workers; i++) {
        check(pipe(to[i]) == 0 && pipe(from[i]) == 0, "pipe");
        if (fork() == 0) {
            take(to[i][0], sink_endpoint, sizeof sink_endpoint);
            worker(sink_endpoint, (uint32_t)i, from[i][1], to[i][0]);
            return 0;
        }
    }
    void *context = zmq_ctx_new();
    void *sink = zmq_socket(context, ZMQ_PULL), *push[WORKERS];
    set_int(sink, ZMQ_RCVHWM, 0);
    bound(sink, sink_endpoint);
    char *payload = calloc(1, (size_t)bytes);
    for (long i = 0; i < workers; i++) {
        put(to[i][1], sink_endpoint, sizeof sink_endpoint);
        take(from[i][0], endpoints[i], sizeof endpoints[i]);
        push[i] = zmq_socket(context, ZMQ_PUSH);
        set_int(push[i], ZMQ_SNDHWM, 0);
        check(zmq_connect(push[i], endpoints[i]) == 0, "connect");
    }
    // A task begins with room for its worker's number, which the worker fills in, and its own number, which comes back.
    uint8_t *seen = calloc((size_t)tasks, 1);
    uint64_t sent = 0, returned = 0;
    double start = now_seconds();
    for (long i = 0; i < workers; i++) {
        for (long j = 0; j < slots && sent < (uint64_t)tasks; j++, sent++) {
            memcpy(payload + 4, &sent, sizeof sent);
            check(zmq_send(push[i], payload, (size_t)bytes, 0) >= 0, "send");
        }
    }
    while (returned < (uint64_t)tasks) {
        zmq_msg_t message;
        zmq_msg_init(&message);
        check(zmq_msg_recv(&message, sink, 0) == bytes, "receive");
        uint32_t number;
        uint64_t task;
        memcpy(&number, zmq_msg_data(&message), sizeof number);
        memcpy(&task, (char *)zmq_msg_data(&message) + 4, sizeof task);
        zmq_msg_close(&message);
        if (number >= workers || task >= (uint64_t)tasks || seen[task]++) {
            fprintf(stderr, "a result came twice, or from nowhere\n");
            return 1;
        }
        returned++;
        if (sent == (uint64_t)tasks) continue;
        memcpy(payload + 4, &sent, sizeof sent);
        check(zmq_send(push[number], payload, (size_t)bytes, 0) >= 0, "send");
        sent++;
    }
    double seconds = now_seconds() - start;
    char done = 1;
    for (long i = 0; i < workers; i++) {
        check(zmq_send(push[i], "", 0, 0) >= 0, "send");
        put(to[i][1], &done, 1);
    }
    join_children((int)workers);
    printf("{\"what\":\"raw-tasks\",\"workers\":%ld,\"slots\":%ld,\"bytes\":%ld,\"tasks\":%ld,\"seconds\":%.6f,"
           "\"per_second\":%.0f}\n",
           workers, slots, bytes, tasks, seconds, (double)tasks / seconds);
    for (long i = 0; i < workers; i++) zmq_close(push[i]);
    zmq_close(sink);
    zmq_ctx_term(context);
    return 0;
}
