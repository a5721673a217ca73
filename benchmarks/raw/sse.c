// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
// Server-Sent Events: a local server that sends events as quickly as they are taken, and libcurl with a parser in C.
//
//   raw-sse serve [--events N] [--bytes N] [--flush]   prints its port, serves one connection after another
//   raw-sse read --port P [--events N]                 prints one JSON object
//
// Each event is N bytes on the wire, with an id and data; --flush writes each by itself, instead of blocks of 64 KiB.
#include "raw.h"
#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/socket.h>

static int write_all(int peer, const char *bytes, size_t count) {
    while (count > 0) {
        ssize_t sent = send(peer, bytes, count, MSG_NOSIGNAL);
        if (sent <= 0) return 0;
        bytes += sent, count -= (size_t)sent;
    }
    return 1;
}

static void serve(long events, long bytes, int flush) {
    int server = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    check(bind(server, (struct sockaddr *)&address, sizeof address) == 0 && listen(server, 8) == 0, "listen");
    check(getsockname(server, (struct sockaddr *)&address, &length) == 0, "port");
    printf("{\"port\":%d}\n", ntohs(address.sin_port));
    fflush(stdout);
    size_t room = flush ? (size_t)bytes : 65536 / (size_t)bytes * (size_t)bytes;
    char *block = malloc(room + (size_t)bytes);
    for (;;) {
        int peer = accept(server, NULL, NULL);
        if (peer < 0) continue;
        setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        char request[4096] = {0};
        size_t have = 0;
        while (have < sizeof request - 1 && !strstr(request, "\r\n\r\n")) {
            ssize_t more = read(peer, request + have, sizeof request - 1 - have);
            if (more <= 0) break;
            have += (size_t)more;
        }
        static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";
        int goes_on = write_all(peer, head, sizeof head - 1);
        size_t used = 0;
        for (long i = 0; i < events && goes_on; i++) {
            int start = snprintf(block + used, (size_t)bytes, "id: %ld\ndata: ", i);
            memset(block + used + start, 'x', (size_t)(bytes - start - 2));
            memcpy(block + used + bytes - 2, "\n\n", 2);
            used += (size_t)bytes;
            if (used < room && i + 1 < events) continue;
            goes_on = write_all(peer, block, used);
            used = 0;
        }
        // Whoever reads hangs up.
        while (goes_on && read(peer, request, sizeof request) > 0) {}
        close(peer);
    }
}

// The parser: lines of fields into an event, which an empty line ends. What it keeps of one event is what a handler needs.
static char line[1 << 16], data[1 << 16], id[256];
static size_t line_length, data_length;
static long seen, wanted, data_bytes;
static double first, last;

static void end_of_line(void) {
    if (line_length == 0) {
        if (data_length == 0) return;
        if (atol(id) != seen) {
            fprintf(stderr, "event %s came where %ld was due\n", id, seen);
            exit(1);
        }
        data_bytes += (long)data_length - 1;
        data_length = 0;
        if (seen++ == 0) first = now_seconds();
        if (seen == wanted) last = now_seconds();
        return;
    }
    char *colon = memchr(line, ':', line_length);
    size_t name = colon ? (size_t)(colon - line) : line_length;
    char *value = colon ? colon + 1 : line + line_length;
    size_t length = line_length - (size_t)(value - line);
    if (length > 0 && *value == ' ') value++, length--;
    if (name == 4 && memcmp(line, "data", 4) == 0 && data_length + length + 1 < sizeof data) {
        memcpy(data + data_length, value, length);
        data[data_length + length] = '\n';
        data_length += length + 1;
    } else if (name == 2 && memcmp(line, "id", 2) == 0 && length < sizeof id) {
        memcpy(id, value, length);
        id[length] = 0;
    }
    line_length = 0;
}

static size_t receive(char *bytes, size_t size, size_t count, void *user) {
    (void)user;
    char *at = bytes, *end = bytes + size * count;
    while (at < end) {
        char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((stop ? stop : end) - at);
        if (line_length + length >= sizeof line) return 0;
        memcpy(line + line_length, at, length);
        line_length += length;
        if (!stop) break;
        if (line_length > 0 && line[line_length - 1] == '\r') line_length--;
        end_of_line();
        at = stop + 1;
    }
    return seen >= wanted ? 0 : size * count;
}

int main(int argc, char **argv) {
    long events = option(argc, argv, "--events", 1000000);
    if (argc > 1 && strcmp(argv[1], "serve") == 0) {
        serve(events, option(argc, argv, "--bytes", 256), flag(argc, argv, "--flush"));
        return 0;
    }
    if (argc < 2 || strcmp(argv[1], "read") != 0) return 64;
    wanted = events;
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%ld/", option(argc, argv, "--port", 0));
    CURL *curl = curl_easy_init();
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
    CURLcode result = curl_easy_perform(curl);
    if (seen != wanted) {
        fprintf(stderr, "%ld of %ld events came: %s\n", seen, wanted, curl_easy_strerror(result));
        return 1;
    }
    printf("{\"what\":\"raw-sse\",\"events\":%ld,\"seconds\":%.6f,\"per_second\":%.0f,\"libcurl\":\"%s\"}\n", seen,
           last - first, (double)(seen - 1) / (last - first), curl_version_info(CURLVERSION_NOW)->version);
    curl_easy_cleanup(curl);
    return 0;
}
