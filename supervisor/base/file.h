/* Whole files and folders. Every descriptor opened here is close-on-exec. Modes are exact: the
 * umask does not change them. Sentences name the path. */
#pragma once

#include "base/buffer.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

bool file_exists(const char *path);
bool file_is_directory(const char *path);

/* Appends the content to the buffer; a file of more than limit_bytes is an error, and a FIFO, which
 * would block. */
bool file_read(const char *path, size_t limit_bytes, struct buffer *content, struct error *error);

/* False: what has this name would keep whoever opens it waiting, like a FIFO. Absent is fine. */
bool file_check_plain(const char *path, struct error *error);

/* To append to; created with mode 0600. What is not a file, like a FIFO, is refused, so that
 * nothing blocks. -1 with a sentence; caller closes. The descriptor itself is blocking, as programs
 * expect of their output. */
int file_open_log(const char *path, struct error *error);

/* The file can be read and has exactly this content. */
bool file_content_equals(const char *path, const void *data, size_t length);

/* As many bytes as there are from there, at most length; -1: see errno. */
ssize_t file_read_at(int fd, void *bytes, size_t length, uint64_t from);

bool file_write_all(int fd, const void *data, size_t length); /* false: see errno */

/* Writes until wait_ms are over, whether or not the descriptor blocks: a reader who does not read
 * keeps nobody waiting longer. How much was written; -1: see errno. */
ssize_t file_write_some(int fd, const void *data, size_t length, int wait_ms);

/* Written beside the target, synced and renamed: readers see the old or the new file, whole. */
bool file_write(const char *path, const void *data, size_t length, mode_t mode,
                struct error *error);

/* The same, not synced: after a power cut it may be empty, until file_sync() has said otherwise. */
bool file_put(const char *path, const void *data, size_t length, mode_t mode, struct error *error);

/* As file_write(), unless the file is there with this content and mode already. */
bool file_keep(const char *path, const void *data, size_t length, mode_t mode, struct error *error);

/* What was written to a file or a folder is on the disk. */
bool file_sync(const char *path, struct error *error);

bool file_make_directory(const char *path, mode_t mode, struct error *error); /* parents too */
bool file_remove_tree(const char *path, struct error *error); /* absent is fine; follows no links */

/* An exclusive flock() on a folder, held until the descriptor is closed. -1 with errno: the folder
 * does not exist, or EWOULDBLOCK: another descriptor holds the lock. Who only looks, as below, is
 * waited for: a moment, at most 0.2 s. */
int file_lock_folder(const char *path);

/* It is there, and nobody holds that lock. False with errno as above. Any number may look at once.
 */
bool file_folder_is_free(const char *path);

/* Removes a folder unless somebody holds that lock on it. */
void file_remove_unlocked(const char *path);

char *file_absolute(const char *path); /* caller frees; does not resolve links */
/* The folder that it is in, with a slash at its end; slashes at the end of path do not count. The
 * same. */
char *file_parent(const char *path);

void file_release(int *fd); /* for scoped(): closes if >= 0 */
