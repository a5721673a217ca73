// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
// Raw round trips between two processes over tcp, one in flight: PUB/SUB both ways, or as a task and its result go, PUSH
// to the worker's PULL and PUSH back to the sink's PULL.
//
//   raw-rtt [--count N] [--bytes N] [--pubsub]   prints one JSON object, times in microseconds
#include "raw.h"

enum { WARM_UP = 200 };

int main(int argc, char **argv) {
    long count = option(argc, argv, "--count", 10000), bytes = option(argc, argv, "--bytes", 64);
    int pubsub = flag(argc, argv, "--pubsub");
    int sending = pubsub ? ZMQ_XPUB : ZMQ_PUSH, receiving = pubsub ? ZMQ_SUB : ZMQ_PULL;
    char there[64], back[64], subscription[8];
    int to_child[2], to_parent[2];
    check(pipe(to_child) == 0 && pipe(to_parent) == 0, "pipe");
    pid_t child = fork();
    void *context = zmq_ctx_new();
    void *in = zmq_socket(context, receiving), *out = zmq_socket(context, sending);
    if (pubsub) check(zmq_setsockopt(in, ZMQ_SUBSCRIBE, "", 0) == 0, "subscribe");
    // The sender binds with PUB/SUB, the receiver with PUSH/PULL; either way each side binds one socket.
    bound(pubsub ? out : in, child == 0 ? there : back);
    if (child == 0) {
        put(to_parent[1], there, sizeof there);
        take(to_child[0], back, sizeof back);
    } else {
        take(to_parent[0], there, sizeof there);
        put(to_child[1], back, sizeof back);
    }
    check(zmq_connect(pubsub ? in : out, child == 0 ? back : there) == 0, "connect");
    if (pubsub) {
        check(zmq_recv(out, subscription, sizeof subscription, 0) > 0, "subscription");
        char ready = 1;
        put(child == 0 ? to_parent[1] : to_child[1], &ready, 1);
        take(child == 0 ? to_child[0] : to_parent[0], &ready, 1);
    }
    zmq_msg_t message;
    if (child == 0) {
        for (long i = 0; i < count + WARM_UP; i++) {
            zmq_msg_init(&message);
            check(zmq_msg_recv(&message, in, 0) >= 0, "receive");
            check(zmq_msg_send(&message, out, 0) >= 0, "send");
        }
    } else {
        char *payload = calloc(1, bytes ? (size_t)bytes : 1);
        double *times = calloc((size_t)count + 1, sizeof(double));
        for (long i = 0; i < count + WARM_UP; i++) {
            double start = now_seconds();
            check(zmq_send(out, payload, (size_t)bytes, 0) >= 0, "send");
            zmq_msg_init(&message);
            check(zmq_msg_recv(&message, in, 0) == bytes, "receive");
            zmq_msg_close(&message);
            if (i >= WARM_UP) times[i - WARM_UP] = (now_seconds() - start) * 1e6;
        }
        join_children(1);
        printf("{\"what\":\"raw-rtt\",\"pubsub\":%s,\"count\":%ld,\"bytes\":%ld,", pubsub ? "true" : "false", count, bytes);
        print_percentiles(times, count);
        printf("}\n");
    }
    zmq_close(in);
    zmq_close(out);
    zmq_ctx_term(context);
    return 0;
}
