// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
// What the rows of a ledger cost SQLite alone, in C: into an empty ledger that Weft has made, with its tables and
// indices, the writes of its tasks' lives, so many changes per transaction. An accepted task is one change (two inserts),
// each change of its status another.
//
//   raw-sqlite FILE TASKBYTES STATUSBYTES,… [--rows N] [--changes N] [--synchronous FULL|NORMAL]
//
// The status bytes are those of an accepted task's status and of each later one, the last being its end.
#include "raw.h"
#include <sqlite3.h>

enum { WAVE = 64, STAGES = 16 };
static sqlite3 *db;

static void ok(int result) {
    if (result == SQLITE_OK || result == SQLITE_DONE || result == SQLITE_ROW) return;
    fprintf(stderr, "SQLite: %s\n", sqlite3_errmsg(db));
    exit(1);
}

static sqlite3_stmt *prepared(const char *sql) {
    sqlite3_stmt *statement;
    ok(sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL));
    return statement;
}

static void run(sqlite3_stmt *statement) {
    ok(sqlite3_step(statement));
    ok(sqlite3_reset(statement));
}

static double wall(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void new_id(char id[37]) {
    static uint64_t state = 88172645463325252u;
    uint64_t words[2];
    for (int i = 0; i < 2; i++) {
        state ^= state << 13, state ^= state >> 7, state ^= state << 17;
        words[i] = state * 2685821657736338717u;
    }
    snprintf(id, 37, "%08x-%04x-%04x-%04x-%012lx", (unsigned)(words[0] >> 32), (unsigned)(words[0] >> 16) & 0xffff,
             (unsigned)words[0] & 0xffff, (unsigned)(words[1] >> 48), (unsigned long)(words[1] & 0xffffffffffff));
}

int main(int argc, char **argv) {
    if (argc < 4) {
        fprintf(stderr, "usage: raw-sqlite FILE TASKBYTES STATUSBYTES,… [--rows N] [--changes N] [--synchronous MODE]\n");
        return 64;
    }
    int task_bytes = atoi(argv[2]), status_bytes[STAGES], stages = 0;
    for (char *at = strtok(argv[3], ","); at && stages < STAGES; at = strtok(NULL, ",")) status_bytes[stages++] = atoi(at);
    long rows = option(argc, argv, "--rows", 256), changes = option(argc, argv, "--changes", 200000);
    char pragma[64] = "PRAGMA synchronous = FULL";
    for (int i = 4; i + 1 < argc; i++)
        if (strcmp(argv[i], "--synchronous") == 0) snprintf(pragma, sizeof pragma, "PRAGMA synchronous = %s", argv[i + 1]);
    ok(sqlite3_open_v2(argv[1], &db, SQLITE_OPEN_READWRITE, NULL));
    ok(sqlite3_exec(db, pragma, NULL, NULL, NULL));
    ok(sqlite3_exec(db, "PRAGMA cache_size = -32000", NULL, NULL, NULL));
    sqlite3_stmt *begin = prepared("BEGIN IMMEDIATE"), *commit = prepared("COMMIT");
    sqlite3_stmt *task = prepared("INSERT INTO tasks (id, state, ended, accepted, source, queue, status) "
                                  "VALUES (?, 'queued', NULL, ?, 'submit', 'default', ?)");
    sqlite3_stmt *payload = prepared("INSERT INTO payloads (seq, task) VALUES (?, ?)");
    sqlite3_stmt *update = prepared("UPDATE tasks SET state = ?, status = ? WHERE id = ? AND ended IS NULL");
    sqlite3_stmt *end = prepared("UPDATE tasks SET state = ?, ended = ?, status = ? WHERE id = ? AND ended IS NULL");
    static const uint8_t blob[1 << 16];
    char ids[WAVE][37];
    int stage = 0, index = 0;
    double start = now_seconds();
    for (long done = 0; done < changes;) {
        run(begin);
        for (long i = 0; i < rows && done < changes; i++, done++) {
            if (stage == 0) {
                new_id(ids[index]);
                ok(sqlite3_bind_text(task, 1, ids[index], 36, SQLITE_STATIC));
                ok(sqlite3_bind_double(task, 2, wall()));
                ok(sqlite3_bind_blob(task, 3, blob, status_bytes[0], SQLITE_STATIC));
                run(task);
                ok(sqlite3_bind_int64(payload, 1, sqlite3_last_insert_rowid(db)));
                ok(sqlite3_bind_blob(payload, 2, blob, task_bytes, SQLITE_STATIC));
                run(payload);
            } else if (stage < stages - 1) {
                ok(sqlite3_bind_text(update, 1, stage == 1 ? "leased" : "running", -1, SQLITE_STATIC));
                ok(sqlite3_bind_blob(update, 2, blob, status_bytes[stage], SQLITE_STATIC));
                ok(sqlite3_bind_text(update, 3, ids[index], 36, SQLITE_STATIC));
                run(update);
                check(sqlite3_changes(db) == 1, "a change changed nothing");
            } else {
                ok(sqlite3_bind_text(end, 1, "completed", -1, SQLITE_STATIC));
                ok(sqlite3_bind_double(end, 2, wall()));
                ok(sqlite3_bind_blob(end, 3, blob, status_bytes[stage], SQLITE_STATIC));
                ok(sqlite3_bind_text(end, 4, ids[index], 36, SQLITE_STATIC));
                run(end);
                check(sqlite3_changes(db) == 1, "a change changed nothing");
            }
            if (++index < WAVE) continue;
            index = 0;
            stage = (stage + 1) % stages;
        }
        run(commit);
    }
    double seconds = now_seconds() - start;
    printf("{\"what\":\"raw-sqlite\",\"changes\":%ld,\"rows\":%ld,\"stages\":%d,\"seconds\":%.6f,\"per_second\":%.0f,"
           "\"sqlite\":\"%s\"}\n",
           changes, rows, stages, seconds, (double)changes / seconds, sqlite3_libversion());
    return 0;
}
