// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
// Raw task round trip between two processes, one in flight: PUSH to the worker's PULL, and PUSH back to the sink's PULL.
//
//   raw-taskrtt TASKS BYTES   prints one JSON object, times in microseconds
#include "raw.h"
#include <sys/wait.h>

static void bound(void *socket, char *endpoint, size_t length) {
    check(zmq_bind(socket, "tcp://127.0.0.1:*") == 0, "bind");
    check(zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &length) == 0, "endpoint");
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: raw-taskrtt TASKS BYTES\n");
        return 64;
    }
    long tasks = atol(argv[1]);
    size_t bytes = (size_t)atol(argv[2]);
    char sink_endpoint[64], pull_endpoint[64];
    int to_child[2], to_parent[2];
    check(pipe(to_child) == 0 && pipe(to_parent) == 0, "pipe");
    pid_t child = fork();
    if (child == 0) {
        void *context = zmq_ctx_new();
        void *pull = zmq_socket(context, ZMQ_PULL), *push = zmq_socket(context, ZMQ_PUSH);
        bound(pull, pull_endpoint, sizeof pull_endpoint);
        check(write(to_parent[1], pull_endpoint, sizeof pull_endpoint) > 0, "endpoint");
        check(read(to_child[0], sink_endpoint, sizeof sink_endpoint) > 0, "endpoint");
        check(zmq_connect(push, sink_endpoint) == 0, "connect");
        for (long i = 0; i < tasks + 100; i++) {
            zmq_msg_t message;
            zmq_msg_init(&message);
            check(zmq_msg_recv(&message, pull, 0) >= 0, "receive");
            check(zmq_msg_send(&message, push, 0) >= 0, "send");
        }
        zmq_close(pull);
        zmq_close(push);
        zmq_ctx_term(context);
        return 0;
    }
    void *context = zmq_ctx_new();
    void *sink = zmq_socket(context, ZMQ_PULL), *push = zmq_socket(context, ZMQ_PUSH);
    bound(sink, sink_endpoint, sizeof sink_endpoint);
    check(read(to_parent[0], pull_endpoint, sizeof pull_endpoint) > 0, "endpoint");
    check(write(to_child[1], sink_endpoint, sizeof sink_endpoint) > 0, "endpoint");
    check(zmq_connect(push, pull_endpoint) == 0, "connect");

    char *payload = calloc(1, bytes ? bytes : 1);
    double *times = calloc((size_t)tasks + 1, sizeof(double));
    for (long i = 0; i < tasks + 100; i++) {  // the first 100 warm up
        double start = now_seconds();
        check(zmq_send(push, payload, bytes, 0) >= 0, "send");
        zmq_msg_t message;
        zmq_msg_init(&message);
        check(zmq_msg_recv(&message, sink, 0) >= 0, "receive");
        zmq_msg_close(&message);
        if (i >= 100) times[i - 100] = (now_seconds() - start) * 1e6;
    }
    waitpid(child, NULL, 0);
    qsort(times, (size_t)tasks, sizeof(double), compare_doubles);
    printf("{\"what\":\"raw-taskrtt\",\"tasks\":%ld,\"bytes\":%zu,\"p50_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f}\n", tasks,
           bytes, times[tasks / 2], times[tasks * 99 / 100], times[tasks * 999 / 1000]);
    zmq_close(sink);
    zmq_close(push);
    zmq_ctx_term(context);
    return 0;
}
