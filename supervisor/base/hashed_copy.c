#include "base/hashed_copy.h"

#include "base/alloc.h"
#include "base/child.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/platform.h"
#include "base/sha256.h"
#include "base/waiting.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE_BYTES = 1 << 20, HOLE_BYTES = 1 << 16, TICK_MS = 200 };

struct copying {
    const struct hashed_copy *copy;
    int to;
    uint64_t bytes;
    int told[2]; /* a pipe: a byte for each piece that is there; its end: the thread's */
    bool good;   /* the thread's: all is on the disk */
    struct error problem;
};

static size_t piece_length(const struct copying *copying, uint64_t at) {
    uint64_t left = copying->bytes - at;
    return left < PIECE_BYTES ? (size_t)left : PIECE_BYTES;
}

/* got: what was read of a piece that is longer; -1: see errno. */
static bool fail_read(const char *path, ssize_t got, struct error *error) {
    return got < 0 ? error_errno(error, "cannot read %s", path)
                   : error_set(error, ERROR_FAILED, "cannot read %s: it became shorter meanwhile",
                               path);
}

/* --- the thread that copies: no signal reaches it, nor that of a pipe without a reader --- */

static bool is_zero(const unsigned char *bytes, size_t length) {
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, length - 1) == 0;
}

static bool write_piece(int fd, const unsigned char *piece, size_t length, uint64_t from) {
    bool hole = false;
    for (size_t at = 0; at < length;) {
        size_t part = HOLE_BYTES - at % HOLE_BYTES;
        part = part < length - at ? part : length - at;
        hole = is_zero(piece + at, part);
        ssize_t put = hole ? (ssize_t)part : pwrite(fd, piece + at, part, (off_t)(from + at));
        if (put < 0)
            return false;
        at += (size_t)put;
    }
    return !hole || ftruncate(fd, (off_t)(from + length)) == 0;
}

static bool copy_pieces(const struct copying *copying, struct error *error) {
    const struct hashed_copy *copy = copying->copy;
    scoped(alloc_release) unsigned char *piece = alloc_zero(PIECE_BYTES);
    for (uint64_t at = 0; at < copying->bytes;) {
        size_t length = piece_length(copying, at);
        ssize_t got = file_read_at(copy->from, piece, length, at);
        if (got != (ssize_t)length)
            return fail_read(copy->from_path, got, error);
        if (at == 0)
            memcpy(piece, copy->head, copy->head_bytes);
        if (!write_piece(copying->to, piece, length, at))
            return error_errno(error, "cannot write %s", copy->to);
        platform_write_out(copying->to, at, length);
        at += length;
        if (write(copying->told[1], "", 1) < 0) /* the caller has given up, and says why */
            return false;
    }
    return fsync(copying->to) == 0 || errno == EINVAL || errno == ENOTSUP ||
           error_errno(error, "cannot write %s", copy->to);
}

static void *copy_it(void *context) {
    struct copying *copying = context;
    copying->good = copy_pieces(copying, &copying->problem);
    file_release(&copying->told[1]);
    return NULL;
}

/* --- the caller's --- */

/* False: there is none any more, or an interrupt came. */
static bool await_piece(const struct copying *copying) {
    struct pollfd ready = {.fd = copying->told[0], .events = POLLIN};
    char byte;
    while (interrupt_check(NULL)) {
        waiting_tick();
        if (poll(&ready, 1, TICK_MS) > 0)
            return read(ready.fd, &byte, 1) == 1;
    }
    return false;
}

static bool hash_pieces(const struct copying *copying, struct sha256 *sha256, struct error *error) {
    scoped(alloc_release) unsigned char *piece = alloc_zero(PIECE_BYTES);
    for (uint64_t at = 0; await_piece(copying);) {
        size_t length = piece_length(copying, at);
        ssize_t got = file_read_at(copying->to, piece, length, at);
        if (got != (ssize_t)length)
            return fail_read(copying->copy->to, got, error);
        sha256_add(sha256, piece, length);
        at += length;
    }
    return interrupt_check(error);
}

/* What is not wanted is emptied, so that nothing of it is waited for. */
static bool run_copying(struct copying *copying, struct sha256 *sha256, struct error *error) {
    pthread_t thread;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    errno = pthread_create(&thread, NULL, copy_it, copying);
    bool runs = errno == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!runs)
        return error_errno(error, "cannot begin to copy %s", copying->copy->from_path);
    waiting_begin("copying", strrchr(copying->copy->to, '/') + 1);
    bool good = hash_pieces(copying, sha256, error);
    if (!good && ftruncate(copying->to, 0) < 0)
        error_errno(error, "cannot write %s", copying->copy->to);
    file_release(&copying->told[0]);
    pthread_join(thread, NULL);
    waiting_end();
    return good && (copying->good || error_copy(error, &copying->problem));
}

bool hashed_copy_make(const struct hashed_copy *copy, char digest[SECRET_SHA256_SIZE],
                      struct error *error) {
    struct copying copying = {.copy = copy};
    struct sha256 sha256;
    struct stat status;
    if (fstat(copy->from, &status) < 0)
        return error_errno(error, "cannot read %s", copy->from_path);
    if (!child_pipe(copying.told, error))
        return false;
    copying.bytes = (uint64_t)status.st_size;
    copying.to = open(copy->to, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    sha256_begin(&sha256);
    bool good = copying.to >= 0 && fchmod(copying.to, 0600) == 0
                    ? run_copying(&copying, &sha256, error)
                    : error_errno(error, "cannot write %s", copy->to);
    if (good)
        secret_sha256_end(&sha256, digest);
    else if (copying.to >= 0)
        unlink(copy->to);
    file_release(&copying.to);
    file_release(&copying.told[0]);
    file_release(&copying.told[1]);
    return good;
}
