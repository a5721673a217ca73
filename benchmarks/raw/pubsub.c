// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
// Raw PUB/SUB throughput over tcp, from one process to others. An event is what a plain mirror would send: a name, a
// header with its number, and a payload; each event is a message of three frames, or so many share a message.
//
//   raw-pubsub [--events N] [--bytes N] [--subscribers N] [--batch N] [--hwm N] [--curve]
//
// --hwm 0 is a queue without bound; any other is bounded and blocks (XPUB_NODROP). Subscribers check that every event
// arrives, in order; the rate is the slowest subscriber's, from its first event to its last.
#include "raw.h"

enum { NAME = 13, HEADER = 24 };
static const char name[NAME + 1] = "order:created";

struct span {
    double first, last;
};

static long events, bytes, subscribers, batch, hwm;
static int curve;
static char server_public[41], server_secret[41];

static void expect(uint64_t number, long expected) {
    if (number != (uint64_t)expected) {
        fprintf(stderr, "event %lu came where %ld was due\n", (unsigned long)number, expected);
        exit(1);
    }
}

// Three frames; the header begins with the event's number.
static void receive_event(void *sub, long expected) {
    for (int frame = 0; frame < 3; frame++) {
        zmq_msg_t message;
        zmq_msg_init(&message);
        check(zmq_msg_recv(&message, sub, 0) >= 0, "receive");
        if (frame == 1) {
            uint64_t number;
            memcpy(&number, zmq_msg_data(&message), sizeof number);
            expect(number, expected);
        }
        zmq_msg_close(&message);
    }
}

// One frame: the first event's number, then for each event the length and bytes of its name, and of its payload.
static long receive_batch(void *sub, long expected) {
    zmq_msg_t message;
    zmq_msg_init(&message);
    check(zmq_msg_recv(&message, sub, 0) >= 0, "receive");
    const uint8_t *at = zmq_msg_data(&message), *end = at + zmq_msg_size(&message);
    uint64_t number;
    memcpy(&number, at + 1, sizeof number);
    expect(number, expected);
    long count = 0;
    for (at += 9; at < end; count++) {
        at += 1 + *at;
        uint32_t length;
        memcpy(&length, at, sizeof length);
        at += sizeof length + length;
    }
    zmq_msg_close(&message);
    return count;
}

static void subscriber(const char *endpoint, int report) {
    void *context = zmq_ctx_new();
    void *sub = zmq_socket(context, ZMQ_SUB);
    set_int(sub, ZMQ_RCVHWM, (int)hwm);
    if (curve) {
        char public[41], secret[41];
        check(zmq_curve_keypair(public, secret) == 0, "key pair");
        zmq_setsockopt(sub, ZMQ_CURVE_SERVERKEY, server_public, 41);
        zmq_setsockopt(sub, ZMQ_CURVE_PUBLICKEY, public, 41);
        zmq_setsockopt(sub, ZMQ_CURVE_SECRETKEY, secret, 41);
    }
    check(zmq_setsockopt(sub, ZMQ_SUBSCRIBE, "", 0) == 0, "subscribe");
    check(zmq_connect(sub, endpoint) == 0, "connect");
    struct span span = {0, 0};
    for (long seen = 0; seen < events;) {
        if (batch > 1) {
            seen += receive_batch(sub, seen);
        } else {
            receive_event(sub, seen++);
        }
        if (span.first == 0) span.first = now_seconds();
    }
    span.last = now_seconds();
    put(report, &span, sizeof span);
    zmq_close(sub);
    zmq_ctx_term(context);
}

static void send_events(void *pub) {
    char *payload = calloc(1, bytes ? (size_t)bytes : 1);
    char header[HEADER] = {0};
    for (long i = 0; i < events; i++) {
        memcpy(header, &i, sizeof i);
        check(zmq_send(pub, name, NAME, ZMQ_SNDMORE) >= 0, "send");
        check(zmq_send(pub, header, HEADER, ZMQ_SNDMORE) >= 0, "send");
        check(zmq_send(pub, payload, (size_t)bytes, 0) >= 0, "send");
    }
}

static void send_batches(void *pub) {
    char *payload = calloc(1, bytes ? (size_t)bytes : 1);
    for (long sent = 0; sent < events;) {
        long count = events - sent < batch ? events - sent : batch;
        zmq_msg_t message;
        uint32_t length = (uint32_t)bytes;
        check(zmq_msg_init_size(&message, 9 + (size_t)count * (1 + NAME + sizeof length + length)) == 0, "message");
        uint8_t *at = zmq_msg_data(&message);
        *at = 'e';
        memcpy(at + 1, &sent, sizeof sent);
        at += 9;
        for (long i = 0; i < count; i++) {
            *at++ = NAME;
            memcpy(at, name, NAME);
            memcpy(at + NAME, &length, sizeof length);
            memcpy(at + NAME + sizeof length, payload, length);
            at += NAME + sizeof length + length;
        }
        check(zmq_msg_send(&message, pub, 0) >= 0, "send");
        sent += count;
    }
}

int main(int argc, char **argv) {
    events = option(argc, argv, "--events", 1000000);
    bytes = option(argc, argv, "--bytes", 32);
    subscribers = option(argc, argv, "--subscribers", 1);
    batch = option(argc, argv, "--batch", 1);
    hwm = option(argc, argv, "--hwm", 10000);
    curve = flag(argc, argv, "--curve");
    if (curve) check(zmq_curve_keypair(server_public, server_secret) == 0, "key pair");
    char endpoint[64];
    int reports[2], ports[2];
    check(pipe(reports) == 0 && pipe(ports) == 0, "pipe");
    // Fork before any context exists: a context must not cross a fork.
    for (long i = 0; i < subscribers; i++) {
        if (fork() == 0) {
            take(ports[0], endpoint, sizeof endpoint);
            subscriber(endpoint, reports[1]);
            return 0;
        }
    }
    void *context = zmq_ctx_new();
    void *pub = zmq_socket(context, ZMQ_XPUB);
    set_int(pub, ZMQ_SNDHWM, (int)hwm);
    set_int(pub, ZMQ_XPUB_NODROP, hwm > 0);
    set_int(pub, ZMQ_XPUB_VERBOSE, 1);
    if (curve) {
        set_int(pub, ZMQ_CURVE_SERVER, 1);
        zmq_setsockopt(pub, ZMQ_CURVE_SECRETKEY, server_secret, 41);
    }
    bound(pub, endpoint);
    for (long i = 0; i < subscribers; i++) put(ports[1], endpoint, sizeof endpoint);
    char subscription[8];
    for (long i = 0; i < subscribers; i++)
        check(zmq_recv(pub, subscription, sizeof subscription, 0) > 0, "subscription");

    if (batch > 1) {
        send_batches(pub);
    } else {
        send_events(pub);
    }
    double seconds = 0;
    for (long i = 0; i < subscribers; i++) {
        struct span span;
        take(reports[0], &span, sizeof span);
        if (span.last - span.first > seconds) seconds = span.last - span.first;
    }
    join_children((int)subscribers);
    printf("{\"what\":\"raw-pubsub\",\"events\":%ld,\"bytes\":%ld,\"subscribers\":%ld,\"batch\":%ld,\"hwm\":%ld,"
           "\"curve\":%s,\"seconds\":%.6f,\"per_second\":%.0f}\n",
           events, bytes, subscribers, batch, hwm, curve ? "true" : "false", seconds,
           (double)(events - (batch > 1 ? batch : 1)) / seconds);
    zmq_close(pub);
    zmq_ctx_term(context);
    return 0;
}
