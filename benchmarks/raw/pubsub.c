// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
// Raw PUB/SUB throughput between two processes: one event per message, in the three frames (topic, header, payload)
// that a plain mirror would send. The queue is bounded and blocks (XPUB_NODROP), so nothing is lost and memory stays
// flat; the receiver counts and the run is invalid unless it saw every event.
//
//   raw-pubsub EVENTS BYTES   prints one JSON object
#include "raw.h"
#include <sys/wait.h>

static void subscriber(const char *endpoint, long events, int report) {
    void *context = zmq_ctx_new();
    void *sub = zmq_socket(context, ZMQ_SUB);
    set_int(sub, ZMQ_RCVHWM, 10000);
    check(zmq_setsockopt(sub, ZMQ_SUBSCRIBE, "", 0) == 0, "subscribe");
    check(zmq_connect(sub, endpoint) == 0, "connect");
    double first = 0;
    for (long seen = 0; seen < events; seen++) {
        for (int frame = 0; frame < 3; frame++) {
            zmq_msg_t message;
            zmq_msg_init(&message);
            check(zmq_msg_recv(&message, sub, 0) >= 0, "receive");
            zmq_msg_close(&message);
        }
        if (seen == 0) first = now_seconds();
    }
    double seconds = now_seconds() - first;
    check(write(report, &seconds, sizeof seconds) == sizeof seconds, "report");
    zmq_close(sub);
    zmq_ctx_term(context);
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: raw-pubsub EVENTS BYTES\n");
        return 64;
    }
    long events = atol(argv[1]);
    size_t bytes = (size_t)atol(argv[2]);
    char endpoint[64];
    int pipes[2], ports[2];
    check(pipe(pipes) == 0 && pipe(ports) == 0, "pipe");
    // Fork before any context exists: a context must not cross a fork.
    pid_t child = fork();
    if (child == 0) {
        check(read(ports[0], endpoint, sizeof endpoint) > 0, "endpoint");
        subscriber(endpoint, events, pipes[1]);
        return 0;
    }
    void *context = zmq_ctx_new();
    void *pub = zmq_socket(context, ZMQ_XPUB);
    set_int(pub, ZMQ_SNDHWM, 10000);
    set_int(pub, ZMQ_XPUB_NODROP, 1);
    check(zmq_bind(pub, "tcp://127.0.0.1:*") == 0, "bind");
    size_t length = sizeof endpoint;
    check(zmq_getsockopt(pub, ZMQ_LAST_ENDPOINT, endpoint, &length) == 0, "endpoint");
    check(write(ports[1], endpoint, sizeof endpoint) > 0, "endpoint");
    char subscription[8];
    check(zmq_recv(pub, subscription, sizeof subscription, 0) > 0, "subscription");

    char *payload = calloc(1, bytes ? bytes : 1);
    char header[24] = {0};
    for (long i = 0; i < events; i++) {
        memcpy(header, &i, sizeof i);
        check(zmq_send(pub, "order:created", 13, ZMQ_SNDMORE) >= 0, "send");
        check(zmq_send(pub, header, sizeof header, ZMQ_SNDMORE) >= 0, "send");
        check(zmq_send(pub, payload, bytes, 0) >= 0, "send");
    }
    double seconds = 0;
    check(read(pipes[0], &seconds, sizeof seconds) == sizeof seconds, "report");
    waitpid(child, NULL, 0);
    printf("{\"what\":\"raw-pubsub\",\"events\":%ld,\"bytes\":%zu,\"seconds\":%.6f,\"events_per_second\":%.0f}\n", events,
           bytes, seconds, (double)(events - 1) / seconds);
    zmq_close(pub);
    zmq_ctx_term(context);
    return 0;
}
