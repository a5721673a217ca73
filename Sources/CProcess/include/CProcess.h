/* This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0 */

#ifndef WEFT_CPROCESS_H
#define WEFT_CPROCESS_H

#include <spawn.h>

/* System calls that the C library shows only to sources that ask for its extensions. */

/* The child changes to `path` before it starts the program. */
int weft_spawn_change_directory(posix_spawn_file_actions_t *actions, const char *path);

/* The child closes every descriptor from `lowest` on, where the C library can do that. */
int weft_spawn_close_from(posix_spawn_file_actions_t *actions, int lowest);

/* Makes a pipe whose two ends are closed in a started program. */
int weft_pipe(int ends[2]);

/* Makes two connected sockets that are closed in a started program. */
int weft_socket_pair(int ends[2]);

/* Sends without blocking and without a signal when nobody reads any more. */
long weft_send(int socket, const void *bytes, unsigned long count);

/* Keeps up to `kept` bytes of freed memory, and maps what is larger than `separate` bytes by itself, where the C library can
   do that; says whether it can. */
int weft_keep_memory(int kept, int separate);

#endif
