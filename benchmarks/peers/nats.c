// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
// NATS with its client library for C, against a server on loopback: core PUB/SUB, and a JetStream work queue in memory
// whose workers answer over core NATS.
//
//   peer-nats pubsub --port P [--events N] [--bytes N]
//   peer-nats tasks  --port P [--tasks N] [--workers N] [--slots N] [--bytes N] [--rtt]   with --rtt, one in flight
#include "../raw/raw.h"
#include <nats/nats.h>
#include <stdatomic.h>

enum { WARM_UP = 200 };

static void nats_ok(natsStatus status, const char *what) {
    if (status == NATS_OK) return;
    fprintf(stderr, "%s: %s\n", what, natsStatus_GetText(status));
    exit(1);
}

static natsConnection *connection(int argc, char **argv) {
    char url[64];
    snprintf(url, sizeof url, "nats://127.0.0.1:%ld", option(argc, argv, "--port", 4222));
    natsConnection *nats;
    natsOptions *options;
    nats_ok(natsOptions_Create(&options), "options");
    nats_ok(natsOptions_SetURL(options, url), "options");
    // With one in flight there is nothing to gather: each message shall leave at once.
    nats_ok(natsOptions_SetSendAsap(options, flag(argc, argv, "--rtt")), "options");
    nats_ok(natsConnection_Connect(&nats, options), "connect");
    natsOptions_Destroy(options);
    return nats;
}

// PUB/SUB

static long wanted, seen;
static double first, last;
static int report;

static void count(natsConnection *nats, natsSubscription *subscription, natsMsg *message, void *user) {
    (void)nats, (void)subscription, (void)user;
    long number;
    memcpy(&number, natsMsg_GetData(message), sizeof number);
    if (number != seen) {
        fprintf(stderr, "event %ld came where %ld was due\n", number, seen);
        exit(1);
    }
    if (seen++ == 0) first = now_seconds();
    if (seen == wanted) {
        last = now_seconds();
        double seconds = last - first;
        put(report, &seconds, sizeof seconds);
    }
    natsMsg_Destroy(message);
}

static int pubsub(int argc, char **argv) {
    long bytes = option(argc, argv, "--bytes", 32);
    wanted = option(argc, argv, "--events", 1000000);
    int reports[2], finished[2];
    check(pipe(reports) == 0 && pipe(finished) == 0, "pipe");
    double seconds = 0;
    char done = 1;
    if (fork() == 0) {
        report = reports[1];
        natsConnection *nats = connection(argc, argv);
        natsSubscription *subscription;
        nats_ok(natsConnection_Subscribe(&subscription, nats, "order.created", count, NULL), "subscribe");
        nats_ok(natsSubscription_SetPendingLimits(subscription, -1, -1), "limits");
        nats_ok(natsConnection_Flush(nats), "flush");
        put(reports[1], &seconds, sizeof seconds);
        take(finished[0], &done, 1);
        natsConnection_Destroy(nats);
        _exit(0);
    }
    take(reports[0], &seconds, sizeof seconds);
    natsConnection *nats = connection(argc, argv);
    char *payload = calloc(1, (size_t)(bytes < 8 ? 8 : bytes));
    for (long i = 0; i < wanted; i++) {
        memcpy(payload, &i, sizeof i);
        nats_ok(natsConnection_Publish(nats, "order.created", payload, (int)bytes), "publish");
    }
    nats_ok(natsConnection_FlushTimeout(nats, 60000), "flush");
    take(reports[0], &seconds, sizeof seconds);
    put(finished[1], &done, 1);
    join_children(1);
    printf("{\"what\":\"nats-pubsub\",\"events\":%ld,\"bytes\":%ld,\"seconds\":%.6f,\"per_second\":%.0f,\"client\":\"%s\"}\n",
           wanted, bytes, seconds, (double)(wanted - 1) / seconds, nats_GetVersion());
    natsConnection_Destroy(nats);
    return 0;
}

// A work queue: a stream that drops what is acknowledged, and one consumer that deals to a group of workers.

static void work(natsConnection *nats, natsSubscription *subscription, natsMsg *message, void *user) {
    (void)subscription, (void)user;
    nats_ok(natsConnection_Publish(nats, "done", natsMsg_GetData(message), natsMsg_GetDataLength(message)), "result");
    nats_ok(natsConnection_Publish(nats, natsMsg_GetReply(message), "+ACK", 4), "acknowledge");
    natsMsg_Destroy(message);
}

static int tasks(int argc, char **argv) {
    long workers = option(argc, argv, "--workers", 1), slots = option(argc, argv, "--slots", 1024);
    long count = option(argc, argv, "--tasks", 50000), bytes = option(argc, argv, "--bytes", 64), window = workers * slots;
    int rtt = flag(argc, argv, "--rtt");
    if (rtt) window = 1, count += WARM_UP;
    int ready[2], finished[2];
    check(pipe(ready) == 0 && pipe(finished) == 0, "pipe");
    char done = 1;
    for (long i = 0; i < workers; i++) {
        if (fork() != 0) continue;
        natsConnection *nats = connection(argc, argv);
        natsSubscription *subscription;
        nats_ok(natsConnection_QueueSubscribe(&subscription, nats, "deal", "workers", work, NULL), "subscribe");
        nats_ok(natsSubscription_SetPendingLimits(subscription, -1, -1), "limits");
        nats_ok(natsConnection_Flush(nats), "flush");
        put(ready[1], &done, 1);
        take(finished[0], &done, 1);
        natsConnection_Destroy(nats);
        _exit(0);
    }
    for (long i = 0; i < workers; i++) take(ready[0], &done, 1);
    natsConnection *nats = connection(argc, argv);
    natsSubscription *results;
    nats_ok(natsConnection_SubscribeSync(&results, nats, "done"), "subscribe");
    nats_ok(natsSubscription_SetPendingLimits(results, -1, -1), "limits");
    jsCtx *jetstream;
    jsOptions options;
    nats_ok(jsOptions_Init(&options), "options");
    options.PublishAsync.MaxPending = 2 * window + 16;
    nats_ok(natsConnection_JetStream(&jetstream, nats, &options), "JetStream");
    js_DeleteStream(jetstream, "work", NULL, NULL);
    jsStreamConfig stream;
    nats_ok(jsStreamConfig_Init(&stream), "stream");
    const char *subjects[] = {"work"};
    stream.Name = "work";
    stream.Subjects = subjects;
    stream.SubjectsLen = 1;
    stream.Retention = js_WorkQueuePolicy;
    stream.Storage = js_MemoryStorage;
    nats_ok(js_AddStream(NULL, jetstream, &stream, NULL, NULL), "stream");
    jsConsumerConfig consumer;
    nats_ok(jsConsumerConfig_Init(&consumer), "consumer");
    consumer.Durable = "workers";
    consumer.DeliverSubject = "deal";
    consumer.DeliverGroup = "workers";
    consumer.AckPolicy = js_AckExplicit;
    consumer.MaxAckPending = window;
    nats_ok(js_AddConsumer(NULL, jetstream, "work", &consumer, NULL, NULL), "consumer");

    char *payload = calloc(1, (size_t)bytes + 8);
    uint8_t *known = calloc((size_t)count, 1);
    double *times = calloc((size_t)count, sizeof(double)), start = now_seconds(), sent_at = 0;
    long sent = 0;
    for (long returned = 0; returned < count; returned++) {
        for (; sent < count && sent - returned < window; sent++) {
            memcpy(payload, &sent, sizeof sent);
            sent_at = now_seconds();
            nats_ok(js_PublishAsync(jetstream, "work", payload, (int)bytes, NULL), "publish");
        }
        natsMsg *message;
        nats_ok(natsSubscription_NextMsg(&message, results, 10000), "result");
        times[returned] = (now_seconds() - sent_at) * 1e6;
        long number;
        memcpy(&number, natsMsg_GetData(message), sizeof number);
        natsMsg_Destroy(message);
        if (number < 0 || number >= count || known[number]++) {
            fprintf(stderr, "a result came twice, or from nowhere\n");
            return 1;
        }
    }
    double seconds = now_seconds() - start;
    js_DeleteStream(jetstream, "work", NULL, NULL);
    for (long i = 0; i < workers; i++) put(finished[1], &done, 1);
    join_children((int)workers);
    printf("{\"what\":\"nats-tasks\",\"tasks\":%ld,\"workers\":%ld,\"slots\":%ld,\"bytes\":%ld,\"seconds\":%.6f,"
           "\"per_second\":%.0f,",
           count, workers, slots, bytes, seconds, (double)count / seconds);
    print_percentiles(rtt ? times + WARM_UP : times, rtt ? count - WARM_UP : count);
    printf(",\"client\":\"%s\"}\n", nats_GetVersion());
    jsCtx_Destroy(jetstream);
    natsSubscription_Destroy(results);
    natsConnection_Destroy(nats);
    return 0;
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "pubsub") == 0) return pubsub(argc, argv);
    if (argc > 1 && strcmp(argv[1], "tasks") == 0) return tasks(argc, argv);
    return 64;
}
