// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
// Redis with its client library for C, against a server on loopback: pub/sub with pipelined publishing, and tasks over
// Streams with a consumer group, whose results come back over another stream.
//
//   peer-redis pubsub --port P [--events N] [--bytes N] [--pipeline N]
//   peer-redis tasks  --port P [--tasks N] [--workers N] [--slots N] [--bytes N]
#include "../raw/raw.h"
#include <hiredis/hiredis.h>

enum { MOST = 256 };

static redisContext *connection(int argc, char **argv) {
    redisContext *redis = redisConnect("127.0.0.1", (int)option(argc, argv, "--port", 6379));
    if (!redis || redis->err) {
        fprintf(stderr, "Redis: %s\n", redis ? redis->errstr : "no memory");
        exit(1);
    }
    return redis;
}

static redisReply *reply_ok(redisContext *redis, redisReply *reply) {
    if (!reply || reply->type == REDIS_REPLY_ERROR) {
        fprintf(stderr, "Redis: %s\n", reply ? reply->str : redis->errstr);
        exit(1);
    }
    return reply;
}

static redisReply *next(redisContext *redis) {
    void *reply = NULL;
    if (redisGetReply(redis, &reply) != REDIS_OK) reply = NULL;
    return reply_ok(redis, reply);
}

static void run(redisContext *redis, const char *command) { freeReplyObject(reply_ok(redis, redisCommand(redis, command))); }

static int pubsub(int argc, char **argv) {
    long events = option(argc, argv, "--events", 500000), bytes = option(argc, argv, "--bytes", 32);
    long pipeline = option(argc, argv, "--pipeline", 256);
    int reports[2];
    check(pipe(reports) == 0, "pipe");
    double seconds = 0;
    if (fork() == 0) {
        redisContext *redis = connection(argc, argv);
        run(redis, "SUBSCRIBE order:created");
        put(reports[1], &seconds, sizeof seconds);
        double first = 0;
        for (long seen = 0; seen < events; seen++) {
            redisReply *reply = next(redis);
            long number = -1;
            if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 3) memcpy(&number, reply->element[2]->str, sizeof number);
            if (number != seen) {
                fprintf(stderr, "event %ld came where %ld was due\n", number, seen);
                exit(1);
            }
            freeReplyObject(reply);
            if (seen == 0) first = now_seconds();
        }
        seconds = now_seconds() - first;
        put(reports[1], &seconds, sizeof seconds);
        redisFree(redis);
        _exit(0);
    }
    take(reports[0], &seconds, sizeof seconds);
    redisContext *redis = connection(argc, argv);
    char *payload = calloc(1, (size_t)(bytes < 8 ? 8 : bytes));
    const char *words[] = {"PUBLISH", "order:created", payload};
    const size_t lengths[] = {7, 13, (size_t)bytes};
    for (long i = 0; i < events;) {
        long end = i + pipeline < events ? i + pipeline : events, count = end - i;
        for (; i < end; i++) {
            memcpy(payload, &i, sizeof i);
            check(redisAppendCommandArgv(redis, 3, words, lengths) == REDIS_OK, "append");
        }
        for (long j = 0; j < count; j++) freeReplyObject(next(redis));
    }
    take(reports[0], &seconds, sizeof seconds);
    join_children(1);
    printf("{\"what\":\"redis-pubsub\",\"events\":%ld,\"bytes\":%ld,\"pipeline\":%ld,\"seconds\":%.6f,\"per_second\":%.0f}\n",
           events, bytes, pipeline, seconds, (double)(events - 1) / seconds);
    redisFree(redis);
    return 0;
}

// The entries of the one stream in a reply of XREAD or XREADGROUP.
static redisReply *entries(redisReply *reply) {
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 1) return NULL;
    return reply->element[0]->element[1];
}

static redisReply *payload_of(redisReply *entry) { return entry->element[1]->element[1]; }

static void append_entry(redisContext *redis, const char *stream, const char *payload, size_t bytes) {
    const char *words[] = {"XADD", stream, "MAXLEN", "~", "100000", "*", "t", payload};
    const size_t lengths[] = {4, strlen(stream), 6, 1, 6, 1, 1, bytes};
    check(redisAppendCommandArgv(redis, 8, words, lengths) == REDIS_OK, "append");
}

static void worker(int argc, char **argv, long number, long slots) {
    redisContext *redis = connection(argc, argv);
    for (;;) {
        redisReply *reply = reply_ok(
            redis, redisCommand(redis, "XREADGROUP GROUP g w%ld COUNT %ld BLOCK 0 STREAMS tasks >", number,
                                slots < MOST ? slots : MOST));
        redisReply *list = entries(reply);
        const char *words[MOST + 3] = {"XACK", "tasks", "g"};
        size_t lengths[MOST + 3] = {4, 5, 1}, count = 0;
        int ends = 0;
        for (size_t i = 0; list && i < list->elements; i++) {
            redisReply *payload = payload_of(list->element[i]);
            if (payload->len == 0) {
                ends = 1;
            } else {
                append_entry(redis, "results", payload->str, (size_t)payload->len);
            }
            words[3 + count] = list->element[i]->element[0]->str;
            lengths[3 + count++] = (size_t)list->element[i]->element[0]->len;
        }
        check(redisAppendCommandArgv(redis, 3 + (int)count, words, lengths) == REDIS_OK, "append");
        for (size_t i = ends; i < count + 1; i++) freeReplyObject(next(redis));
        freeReplyObject(reply);
        if (ends) break;
    }
    redisFree(redis);
    _exit(0);
}

static int tasks(int argc, char **argv) {
    long workers = option(argc, argv, "--workers", 1), slots = option(argc, argv, "--slots", 1024);
    long count = option(argc, argv, "--tasks", 100000), bytes = option(argc, argv, "--bytes", 64), window = workers * slots;
    redisContext *redis = connection(argc, argv);
    run(redis, "DEL tasks results");
    run(redis, "XGROUP CREATE tasks g $ MKSTREAM");
    redisFree(redis);
    for (long i = 0; i < workers; i++)
        if (fork() == 0) worker(argc, argv, i, slots);
    redis = connection(argc, argv);
    char *payload = calloc(1, (size_t)bytes), last[64] = "0";
    uint8_t *known = calloc((size_t)count, 1);
    long sent = 0, returned = 0;
    double start = now_seconds();
    while (returned < count) {
        long before = sent;
        for (; sent < count && sent - returned < window; sent++) {
            memcpy(payload, &sent, sizeof sent);
            append_entry(redis, "tasks", payload, (size_t)bytes);
        }
        for (; before < sent; before++) freeReplyObject(next(redis));
        redisReply *reply = reply_ok(redis, redisCommand(redis, "XREAD COUNT 1024 BLOCK 10000 STREAMS results %s", last));
        redisReply *list = entries(reply);
        check(list != NULL, "no result for ten seconds");
        for (size_t i = 0; i < list->elements; i++, returned++) {
            long number;
            memcpy(&number, payload_of(list->element[i])->str, sizeof number);
            if (number < 0 || number >= count || known[number]++) {
                fprintf(stderr, "a result came twice, or from nowhere\n");
                return 1;
            }
        }
        snprintf(last, sizeof last, "%s", list->element[list->elements - 1]->element[0]->str);
        freeReplyObject(reply);
    }
    double seconds = now_seconds() - start;
    for (long i = 0; i < workers; i++) {
        append_entry(redis, "tasks", "", 0);
        freeReplyObject(next(redis));
        join_children(1);  // one at a time, so that none takes two ends
    }
    run(redis, "DEL tasks results");
    printf("{\"what\":\"redis-tasks\",\"tasks\":%ld,\"workers\":%ld,\"slots\":%ld,\"bytes\":%ld,\"seconds\":%.6f,"
           "\"per_second\":%.0f}\n",
           count, workers, slots, bytes, seconds, (double)count / seconds);
    redisFree(redis);
    return 0;
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "pubsub") == 0) return pubsub(argc, argv);
    if (argc > 1 && strcmp(argv[1], "tasks") == 0) return tasks(argc, argv);
    return 64;
}
