// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
// The cables of cluster/lab: what enters at one end leaves at the other one later, and not always in order.
//
//   relay DELAY JITTER SEED NAMESPACE:DEVICE,NAMESPACE:DEVICE ...
//
// Each cable has a tap device at either end, which it makes, in the network namespaces named (paths under /run/netns).
// From the first end to the second a frame takes DELAY ± JITTER microseconds, each frame by itself, so that frames overtake
// each other; the way back is immediate, so that between two cables' first ends each way has the delay once.
//
// It says "ready" when the devices are there, answers every line of standard input with one JSON object, and ends with
// standard input. The devices go with it, whatever ends it.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { MAXIMUM_CABLES = 64, MAXIMUM_FRAME = 2048, MAXIMUM_WAITING = 65536, FRAMES_PER_TURN = 64 };

struct frame {
    uint64_t due;
    uint64_t number;
    int out;
    int size;
    unsigned char *bytes;
};

static struct frame waiting[MAXIMUM_WAITING];
static size_t waiting_count;
static int ends[MAXIMUM_CABLES][2];
static uint64_t delay, jitter, state;
static struct {
    uint64_t delayed, returned, overtaken, overflowed, refused, late, worst_late, most_waiting;
} counts;

static void fail(const char *what) {
    fprintf(stderr, "relay: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t now_nanoseconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

// SplitMix64: the same seed, the same delays.
static uint64_t next_random(void) {
    uint64_t z = (state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static int is_before(const struct frame *a, const struct frame *b) {
    return a->due != b->due ? a->due < b->due : a->number < b->number;
}

static void push(struct frame frame) {
    size_t place = waiting_count++;
    while (place > 0 && is_before(&frame, &waiting[(place - 1) / 2])) {
        waiting[place] = waiting[(place - 1) / 2];
        place = (place - 1) / 2;
    }
    waiting[place] = frame;
    if (waiting_count > counts.most_waiting) counts.most_waiting = waiting_count;
}

static struct frame pop(void) {
    struct frame first = waiting[0], last = waiting[--waiting_count];
    size_t place = 0;
    for (;;) {
        size_t child = place * 2 + 1;
        if (child >= waiting_count) break;
        if (child + 1 < waiting_count && is_before(&waiting[child + 1], &waiting[child])) child++;
        if (!is_before(&waiting[child], &last)) break;
        waiting[place] = waiting[child];
        place = child;
    }
    waiting[place] = last;
    return first;
}

static void send_on(int out, const unsigned char *bytes, int size) {
    if (write(out, bytes, (size_t)size) != size) counts.refused++;
}

// A tap device in a network namespace; this process stays in that one.
static int make_tap(char *name) {
    char *device = strchr(name, ':');
    if (device == NULL || strlen(device + 1) >= IFNAMSIZ) {
        fprintf(stderr, "relay: not NAMESPACE:DEVICE: %s\n", name);
        exit(64);
    }
    *device++ = 0;
    int namespace = open(name, O_RDONLY | O_CLOEXEC);
    if (namespace < 0 || setns(namespace, CLONE_NEWNET) != 0) fail(name);
    close(namespace);
    int tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (tap < 0) fail("/dev/net/tun");
    struct ifreq request = {0};
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    strcpy(request.ifr_name, device);
    if (ioctl(tap, TUNSETIFF, &request) != 0) fail(device);
    return tap;
}

// `cable` is 0 on the way back, which is immediate.
static void enter(int from, int to, int cable) {
    static unsigned char bytes[MAXIMUM_FRAME];
    static uint64_t number, latest[MAXIMUM_CABLES + 1];
    for (int turn = 0; turn < FRAMES_PER_TURN; turn++) {
        ssize_t size = read(from, bytes, sizeof bytes);
        if (size <= 0) {
            // Also what a device says that is not up yet.
            if (size < 0 && errno != EAGAIN && errno != EINTR && errno != EIO) fail("read");
            return;
        }
        if (cable == 0) {
            counts.returned++;
            send_on(to, bytes, (int)size);
            continue;
        }
        if (waiting_count == MAXIMUM_WAITING) {
            counts.overflowed++;
            continue;
        }
        uint64_t extra = jitter > 0 ? next_random() % (2 * jitter + 1) : 0;
        struct frame frame = {now_nanoseconds() + delay - jitter + extra, number++, to, (int)size, malloc((size_t)size)};
        if (frame.bytes == NULL) fail("malloc");
        memcpy(frame.bytes, bytes, (size_t)size);
        if (frame.due < latest[cable]) counts.overtaken++;
        else latest[cable] = frame.due;
        push(frame);
        counts.delayed++;
    }
}

static void leave(uint64_t now) {
    while (waiting_count > 0 && waiting[0].due <= now) {
        struct frame frame = pop();
        uint64_t late = now - frame.due;
        if (late > 2000000u) counts.late++;
        if (late > counts.worst_late) counts.worst_late = late;
        send_on(frame.out, frame.bytes, frame.size);
        free(frame.bytes);
    }
}

static void say(void) {
    printf("{\"delayed\":%llu,\"returned\":%llu,\"overtaken\":%llu,\"overflowed\":%llu,\"refused\":%llu,\"late\":%llu,"
           "\"worst_late_ms\":%.3f,\"most_waiting\":%llu}\n",
           (unsigned long long)counts.delayed, (unsigned long long)counts.returned, (unsigned long long)counts.overtaken,
           (unsigned long long)counts.overflowed, (unsigned long long)counts.refused, (unsigned long long)counts.late,
           (double)counts.worst_late / 1e6, (unsigned long long)counts.most_waiting);
    fflush(stdout);
}

static void watch(int epoll, int descriptor, uint64_t what) {
    struct epoll_event event = {.events = EPOLLIN, .data = {.u64 = what}};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) != 0) fail("epoll_ctl");
}

int main(int count, char **arguments) {
    int cables = count - 4;
    if (cables < 1 || cables > MAXIMUM_CABLES) {
        fprintf(stderr, "usage: relay DELAY JITTER SEED NAMESPACE:DEVICE,NAMESPACE:DEVICE ...\n");
        return 64;
    }
    delay = strtoull(arguments[1], NULL, 10) * 1000;
    jitter = strtoull(arguments[2], NULL, 10) * 1000;
    state = strtoull(arguments[3], NULL, 10);
    if (jitter > delay) jitter = delay;
    enum { TIMER = 1000, INPUT = 1001 };
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (epoll < 0 || timer < 0) fail("epoll and timer");
    for (int cable = 0; cable < cables; cable++) {
        char *second = strchr(arguments[cable + 4], ',');
        if (second == NULL) {
            fprintf(stderr, "relay: not a cable with two ends: %s\n", arguments[cable + 4]);
            return 64;
        }
        *second++ = 0;
        ends[cable][0] = make_tap(arguments[cable + 4]);
        ends[cable][1] = make_tap(second);
        watch(epoll, ends[cable][0], (uint64_t)cable * 2);
        watch(epoll, ends[cable][1], (uint64_t)cable * 2 + 1);
    }
    watch(epoll, timer, TIMER);
    watch(epoll, STDIN_FILENO, INPUT);
    puts("ready");
    fflush(stdout);
    for (;;) {
        struct epoll_event events[16];
        int found = epoll_wait(epoll, events, 16, -1);
        if (found < 0 && errno != EINTR) fail("epoll_wait");
        for (int index = 0; index < found; index++) {
            uint64_t what = events[index].data.u64;
            if (what == TIMER) {
                uint64_t expirations;
                if (read(timer, &expirations, sizeof expirations) < 0 && errno != EAGAIN) fail("timer");
            } else if (what == INPUT) {
                char line[256];
                ssize_t size = read(STDIN_FILENO, line, sizeof line);
                if (size <= 0) return 0;
                say();
            } else {
                int cable = (int)what / 2, end = (int)what % 2;
                enter(ends[cable][end], ends[cable][1 - end], end == 0 ? cable + 1 : 0);
            }
            leave(now_nanoseconds());
        }
        struct itimerspec next = {0};
        if (waiting_count > 0) {
            next.it_value.tv_sec = (time_t)(waiting[0].due / 1000000000u);
            next.it_value.tv_nsec = (long)(waiting[0].due % 1000000000u);
        }
        if (timerfd_settime(timer, TFD_TIMER_ABSTIME, &next, NULL) != 0) fail("timerfd_settime");
    }
}
