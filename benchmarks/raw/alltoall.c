// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
// Raw PUB/SUB among processes that all send at once to all others, over tcp: each has an XPUB with a thread that sends
// and a SUB connected to all others with a thread that receives. Three frames a message.
//
//   raw-alltoall [--nodes N] [--events N, of each node] [--bytes N] [--hwm N]
//
// The rate is deliveries a second, all nodes together, from the first event anywhere to the last.
#include "raw.h"
#include <pthread.h>

enum { NAME = 13, HEADER = 24, NODES = 16 };

struct span {
    double first, last;
};

static long nodes, events, bytes, hwm, self;
static struct span span;

static void *receive(void *sub) {
    long seen[NODES] = {0};
    for (long left = events * (nodes - 1); left > 0; left--) {
        for (int frame = 0; frame < 3; frame++) {
            zmq_msg_t message;
            zmq_msg_init(&message);
            check(zmq_msg_recv(&message, sub, 0) >= 0, "receive");
            if (frame == 1) {
                uint64_t header[2];
                memcpy(header, zmq_msg_data(&message), sizeof header);
                if (header[1] >= NODES || header[0] != (uint64_t)seen[header[1]]++) {
                    fprintf(stderr, "an event was lost\n");
                    exit(1);
                }
            }
            zmq_msg_close(&message);
        }
        if (span.first == 0) span.first = now_seconds();
    }
    span.last = now_seconds();
    return NULL;
}

static void node(int from_parent, int to_parent) {
    void *context = zmq_ctx_new();
    void *pub = zmq_socket(context, ZMQ_XPUB), *sub = zmq_socket(context, ZMQ_SUB);
    set_int(pub, ZMQ_SNDHWM, (int)hwm);
    set_int(pub, ZMQ_XPUB_NODROP, hwm > 0);
    set_int(pub, ZMQ_XPUB_VERBOSE, 1);
    set_int(sub, ZMQ_RCVHWM, (int)hwm);
    check(zmq_setsockopt(sub, ZMQ_SUBSCRIBE, "", 0) == 0, "subscribe");
    char endpoint[64] = {0}, others[NODES][64];
    bound(pub, endpoint);
    put(to_parent, endpoint, sizeof endpoint);
    take(from_parent, others, sizeof others);
    for (long i = 0; i < nodes; i++)
        if (i != self) check(zmq_connect(sub, others[i]) == 0, "connect");
    char subscription[8];
    for (long i = 1; i < nodes; i++)
        check(zmq_recv(pub, subscription, sizeof subscription, 0) > 0, "subscription");
    char ready = 1;
    put(to_parent, &ready, 1);
    take(from_parent, &ready, 1);  // all are ready

    pthread_t receiver;
    check(pthread_create(&receiver, NULL, receive, sub) == 0, "thread");
    char *payload = calloc(1, bytes ? (size_t)bytes : 1);
    char header[HEADER] = {0};
    memcpy(header + 8, &self, sizeof self);
    for (long i = 0; i < events; i++) {
        memcpy(header, &i, sizeof i);
        check(zmq_send(pub, "order:created", NAME, ZMQ_SNDMORE) >= 0, "send");
        check(zmq_send(pub, header, HEADER, ZMQ_SNDMORE) >= 0, "send");
        check(zmq_send(pub, payload, (size_t)bytes, 0) >= 0, "send");
    }
    pthread_join(receiver, NULL);
    put(to_parent, &span, sizeof span);
    take(from_parent, &ready, 1);  // all have everything
    zmq_close(pub);
    zmq_close(sub);
    zmq_ctx_term(context);
}

int main(int argc, char **argv) {
    nodes = option(argc, argv, "--nodes", 4);
    events = option(argc, argv, "--events", 200000);
    bytes = option(argc, argv, "--bytes", 32);
    hwm = option(argc, argv, "--hwm", 10000);
    if (nodes < 2 || nodes > NODES) return 64;
    int to[NODES][2], from[NODES][2];
    for (self = 0; self < nodes; self++) {
        check(pipe(to[self]) == 0 && pipe(from[self]) == 0, "pipe");
        if (fork() == 0) {
            node(to[self][0], from[self][1]);
            return 0;
        }
    }
    char endpoints[NODES][64] = {{0}}, ready = 1;
    for (long i = 0; i < nodes; i++) take(from[i][0], endpoints[i], 64);
    for (long i = 0; i < nodes; i++) put(to[i][1], endpoints, sizeof endpoints);
    for (long i = 0; i < nodes; i++) take(from[i][0], &ready, 1);
    for (long i = 0; i < nodes; i++) put(to[i][1], &ready, 1);
    struct span all = {0, 0};
    for (long i = 0; i < nodes; i++) {
        take(from[i][0], &span, sizeof span);
        if (all.first == 0 || span.first < all.first) all.first = span.first;
        if (span.last > all.last) all.last = span.last;
    }
    for (long i = 0; i < nodes; i++) put(to[i][1], &ready, 1);
    join_children((int)nodes);
    double seconds = all.last - all.first;
    printf("{\"what\":\"raw-alltoall\",\"nodes\":%ld,\"events\":%ld,\"bytes\":%ld,\"hwm\":%ld,\"seconds\":%.6f,"
           "\"per_second\":%.0f}\n",
           nodes, events, bytes, hwm, seconds, (double)(events * nodes * (nodes - 1)) / seconds);
    return 0;
}
