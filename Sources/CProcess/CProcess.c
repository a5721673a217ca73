/* This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0 */

#define _GNU_SOURCE
#include "CProcess.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

int weft_spawn_change_directory(posix_spawn_file_actions_t *actions, const char *path)
{
    return posix_spawn_file_actions_addchdir_np(actions, path);
}

int weft_spawn_close_from(posix_spawn_file_actions_t *actions, int lowest)
{
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
    return posix_spawn_file_actions_addclosefrom_np(actions, lowest);
#else
    /* Elsewhere POSIX_SPAWN_CLOEXEC_DEFAULT (Darwin) or the descriptors' own flags do it. */
    (void)actions;
    (void)lowest;
    return 0;
#endif
}

int weft_pipe(int ends[2])
{
#ifdef __linux__
    return pipe2(ends, O_CLOEXEC);
#else
    if (pipe(ends) != 0)
        return -1;
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    return 0;
#endif
}

int weft_socket_pair(int ends[2])
{
#ifdef __linux__
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends);
#else
    int on = 1;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
        return -1;
    for (int i = 0; i < 2; i++) {
        fcntl(ends[i], F_SETFD, FD_CLOEXEC);
        setsockopt(ends[i], SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
    }
    return 0;
#endif
}

long weft_send(int socket, const void *bytes, unsigned long count)
{
#ifdef MSG_NOSIGNAL
    return send(socket, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL);
#else
    return send(socket, bytes, count, MSG_DONTWAIT);
#endif
}

int weft_keep_memory(int kept, int separate) {
#ifdef __GLIBC__
    return mallopt(M_TRIM_THRESHOLD, kept) == 1 && mallopt(M_MMAP_THRESHOLD, separate) == 1;
#else
    (void)kept;
    (void)separate;
    return 0;
#endif
}
